import Foundation
import OpenSSL
import Testing

/// A certificate for 127.0.0.1, made by the `openssl` command when the first test needs it.
enum WireCertificate {
  /// Where the files of this run are.
  static let directory =
    NSTemporaryDirectory() + "/linkd-http2-\(ProcessInfo.processInfo.processIdentifier)"
  private static let made = Result { try make() }

  static func server() throws -> TLSConfiguration {
    try made.get()
    return try .server(
      certificateChainFile: directory + "/cert.pem", privateKeyFile: directory + "/key.pem")
  }

  static func client() throws -> TLSConfiguration {
    try made.get()
    return try .client(trustFile: directory + "/cert.pem")
  }

  /// Runs `openssl` and returns its exit status and all it said.
  static func openssl(_ arguments: [String], input: String = "") throws -> (Int32, String) {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/openssl")
    process.arguments = arguments
    let (stdin, output) = (Pipe(), Pipe())
    process.standardInput = stdin
    process.standardOutput = output
    process.standardError = output
    try process.run()
    try stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try stdin.fileHandleForWriting.close()
    let text = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: text, as: UTF8.self))
  }

  private static func make() throws {
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    atexit { try? FileManager.default.removeItem(atPath: WireCertificate.directory) }
    let (status, text) = try openssl([
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
      "2", "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
      directory + "/key.pem", "-out", directory + "/cert.pem",
    ])
    try #require(status == 0, "\(text)")
  }
}
