import Foundation
import HTTP2
import Linux
import Net
import RPC
import RPCNet
import Testing

/// That the table for whoever runs a server says what the code does.
struct LimitsTests {
  private static let table = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Sources/RPCNet/LIMITS.md")

  /// Every stored property of a value, with its default as the table writes it.
  private static func limits(_ value: Any, _ prefix: String) -> [String: String] {
    var limits: [String: String] = [:]
    for child in Mirror(reflecting: value).children {
      if let name = child.label { limits["\(prefix).\(name)"] = text(child.value) }
    }
    return limits
  }

  private static func text(_ value: Any) -> String {
    let mirror = Mirror(reflecting: value)
    if mirror.displayStyle == .optional {
      return mirror.children.first.map { text($0.value) } ?? "none"
    }
    if let rate = value as? Rate { return "\(rate.burst), then one every \(rate.interval)" }
    if let list = value as? [String] { return list.isEmpty ? "none" : "\(list)" }
    return "\(value)"
  }

  @Test func `every limit stands in one table, with its value and its reason`() throws {
    let text = try String(contentsOf: Self.table, encoding: .utf8)
    var inTable: [String: String] = [:]
    for line in text.split(separator: "\n") where line.hasPrefix("| `") {
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      try #require(cells.count == 3 && cells[2].count > 20, "\(line)")
      inTable[cells[0].trimmingCharacters(in: ["`"])] = cells[1]
    }
    let server = RPCServer.Configuration(address: .ipv4(host: "127.0.0.1", port: 0))
    let inCode = [
      Self.limits(server.http2, "http2"), Self.limits(server.net, "net"),
      Self.limits(server.admission, "admission"), Self.limits(server.calls, "calls"),
    ].reduce(into: [:]) { $0.merge($1) { first, _ in first } }
    #expect(inTable == inCode)
  }
}
