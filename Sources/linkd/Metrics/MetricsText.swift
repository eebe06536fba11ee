/// Numbers in Prometheus' text format, version 0.0.4.
package struct MetricsText {
  /// What it is served as.
  package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  /// What a number means.
  package enum Kind: String { case counter, gauge, histogram }

  /// All that has been added.
  package private(set) var text = ""

  /// Nothing so far.
  package init() {}

  /// Begins a metric; its samples follow.
  package mutating func begin(_ name: String, _ kind: Kind, _ help: String) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
  }

  /// Adds a sample.
  ///
  /// - Parameter labels: their values are ours: no quote, backslash or line break is in them.
  package mutating func sample(
    _ name: String, _ labels: KeyValuePairs<String, String> = [:], _ value: some Numeric
  ) {
    let list = labels.map { "\($0)=\"\($1)\"" }.joined(separator: ",")
    text += list.isEmpty ? "\(name) \(value)\n" : "\(name){\(list)} \(value)\n"
  }

  /// Adds a metric of one sample.
  package mutating func add(_ name: String, _ kind: Kind, _ help: String, _ value: some Numeric) {
    begin(name, kind, help)
    sample(name, [:], value)
  }
}
