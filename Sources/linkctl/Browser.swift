internal import Foundation

/// The person's web browser.
enum Browser {
  private static let opener = "xdg-open"

  /// Whether this session has a screen to open a browser on.
  private static var hasScreen: Bool {
    let environment = ProcessInfo.processInfo.environment
    return ["DISPLAY", "WAYLAND_DISPLAY"].contains { environment[$0]?.isEmpty == false }
  }

  /// Opens an address.
  ///
  /// False if nobody is there to do it; the person must open it then.
  static func open(_ url: String) -> Bool {
    guard hasScreen, url.hasPrefix("https://") || url.hasPrefix("http://") else { return false }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [opener, url]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    do {
      try process.run()
    } catch {
      return false
    }
    // xdg-open hands over and ends at once; some browsers stay its child until they are closed.
    return process.isRunning || process.terminationStatus == 0
  }
}
