internal import Console
internal import Foundation
package import Logging

/// Writes log entries to standard error, one line each.
///
/// Whatever an entry holds, it stays one line: control characters are written as code points.
package struct LineLog: LogHandler {
  /// Longer entries are cut: a peer must not fill the disk with one of its own making.
  private static let longestLine = 4096

  package var metadata: Logger.Metadata = [:]
  package var metadataProvider: Logger.MetadataProvider?
  package var logLevel: Logger.Level
  private let label: String
  private let write: @Sendable (String) -> Void

  /// A log of the given level and above.
  package init(
    label: String, level: Logger.Level,
    write: @escaping @Sendable (String) -> Void = StandardStreams.writeError
  ) {
    self.label = label
    self.logLevel = level
    self.write = write
  }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    let time = Date().formatted(
      Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    let head = "\(time) \(event.level) \(label): \(event.message)"
    write(Self.oneLine(head + fields(of: event)) + "\n")
  }

  /// `key=value` in the order of the keys.
  private func fields(of event: LogEvent) -> String {
    let provided = metadataProvider?.get() ?? [:]
    let all = metadata.merging(provided) { $1 }.merging(event.metadata ?? [:]) { $1 }
    let error = event.error.map { " error=\"\($0)\"" } ?? ""
    return error
      + all.sorted { $0.key < $1.key }.map { " \($0.key)=\(Self.quoted("\($0.value)"))" }
      .joined()
  }

  private static func quoted(_ value: String) -> String {
    let isPlain = !value.isEmpty && !value.contains { " \"=\\".contains($0) }
    return isPlain
      ? value : "\"\(value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
  }

  private static func oneLine(_ text: String) -> String {
    let text = text.printable
    return text.utf8.count <= longestLine ? text : text.prefix(longestLine) + "…"
  }
}
