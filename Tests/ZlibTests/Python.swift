import Foundation

/// Python's zlib and gzip modules, the outside oracle of these tests.
enum Python {
  /// Runs `script` with the arguments and the bytes on standard input; returns standard output.
  static func run(_ script: String, _ arguments: [String] = [], input: [UInt8]) throws -> [UInt8] {
    let process = Process()
    process.executableURL = interpreter
    process.arguments = ["-c", script] + arguments
    let stdin = Pipe()
    let stdout = Pipe()
    process.standardInput = stdin
    process.standardOutput = stdout
    try process.run()
    // Python reads everything before it writes anything, so neither side can block the other.
    try stdin.fileHandleForWriting.write(contentsOf: Data(input))
    try stdin.fileHandleForWriting.close()
    let output = try stdout.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failure(status: process.terminationStatus) }
    return [UInt8](output)
  }

  struct Failure: Error { var status: CInt }

  private static let interpreter = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: ".venv/bin/python")
}
