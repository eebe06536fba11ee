/// What this process takes up.
public struct ProcessUsage: Hashable, Sendable {
  /// Memory that it has, and not only asked for.
  public let residentBytes: Int
  /// Descriptors that are open.
  public let descriptors: Int

  /// What it takes up now.
  ///
  /// Nil where there is no `/proc`. Reads `/proc/ID/status` and `/proc/ID/fd`.
  public static var current: ProcessUsage? {
    let path = "/proc/\(processID())"
    guard
      let status = try? Directory(path: path).open("status", .read).read(16_384, at: 0),
      let kibibytes = number(of: "VmRSS:", in: String(decoding: status, as: UTF8.self)),
      let names = try? Directory(path: path + "/fd").names()
    else { return nil }
    // One of them is that of the directory.
    return ProcessUsage(residentBytes: kibibytes * 1024, descriptors: max(0, names.count - 1))
  }

  private static func number(of name: String, in status: String) -> Int? {
    let line = status.split(separator: "\n").first { $0.hasPrefix(name) }
    return line.flatMap { Int($0.filter { ("0"..."9").contains($0) }) }
  }
}
