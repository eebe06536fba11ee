import Glibc
import Linux

/// What the kernel says of this process's memory.
enum ProcessMemory {
  /// Begins the measurement of the most that it has.
  static func resetPeak() {
    let file = unsafe open("/proc/self/clear_refs", O_WRONLY)
    _ = unsafe write(file, "5", 1)
    close(file)
  }

  /// The most that it has had since, in bytes.
  static var peak: Int { bytes(of: "VmHWM:") }

  /// What it has now, in bytes.
  static var resident: Int { bytes(of: "VmRSS:") }

  private static func bytes(of field: String) -> Int {
    guard
      let text = try? Directory(path: "/proc/\(processID())").open("status", .read)
        .read(10_000, at: 0)
    else { return .max }
    let line = String(decoding: text, as: UTF8.self).split(separator: "\n")
      .first { $0.hasPrefix(field) }
    return (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? .max / 1024) * 1024
  }
}
