import Foundation
import TextCoding

/// Google's protobuf for Python, asked in a process of its own.
struct Oracle {
  /// An input and what upb makes of it.
  struct Case: CustomStringConvertible {
    let input: [UInt8]
    let isAccepted: Bool
    /// Whether upb reads it in a way of its own: see `hidden_entries` in oracle.py.
    let isPeculiar: Bool
    /// How upb writes it again, with maps in order.
    let canonical: [UInt8]

    var description: String {
      isAccepted ? "\(isPeculiar ? "peculiarly " : "")read as \(Hex.encode(canonical))" : "refused"
    }
  }

  private static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  private static let python = root.appending(path: ".venv/bin/python")

  /// Whether tools/setup has been run.
  static let isInstalled = FileManager.default.isExecutableFile(atPath: python.path)

  private let directory: URL

  init() throws {
    directory = FileManager.default.temporaryDirectory.appending(path: "oracle-\(UUID())")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  }

  func remove() { try? FileManager.default.removeItem(at: directory) }

  /// Random messages, some of them damaged.
  func randomCases(seed: UInt32, count: Int) throws -> [Case] {
    try run("make", "\(seed)", "\(count)", path("cases"))
    return try cases()
  }

  /// What upb makes of these.
  func judge(_ inputs: [[UInt8]]) throws -> [Case] {
    try write(inputs, to: "inputs")
    try run("judge", path("inputs"), path("cases"))
    return try cases()
  }

  /// Lets upb read what we wrote for each accepted case; nil if it reads the same in all.
  func difference(to outputs: [[UInt8]]) throws -> String? {
    try write(outputs, to: "outputs")
    do { try run("compare", path("cases"), path("outputs")) } catch { return "\(error)" }
    return nil
  }

  private func url(_ name: String) -> URL { directory.appending(path: name) }
  private func path(_ name: String) -> String { url(name).path }

  private func write(_ values: [[UInt8]], to name: String) throws {
    let lines = values.map { Hex.encode($0) + "\n" }
    try Data(lines.joined().utf8).write(to: url(name))
  }

  private func cases() throws -> [Case] {
    var rest = Array(try Data(contentsOf: url("cases")))[...]
    func next() -> [UInt8] {
      let count = rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
      defer { rest = rest.dropFirst(4 + count) }
      return Array(rest.dropFirst(4).prefix(count))
    }
    var cases: [Case] = []
    while !rest.isEmpty {
      let (input, verdict, canonical) = (next(), next(), next())
      cases.append(
        Case(
          input: input, isAccepted: verdict != [0], isPeculiar: verdict == [2],
          canonical: canonical))
    }
    return cases
  }

  private struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  private func run(_ arguments: String...) throws {
    let script = Self.root.appending(path: "Tests/ProtobufTests/Oracle/oracle.py").path
    let process = Process()
    process.executableURL = Self.python
    process.arguments = [script] + arguments
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    let text = try errors.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(description: String(decoding: text, as: UTF8.self))
    }
  }
}
