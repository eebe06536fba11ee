public import Foundation

extension Configuration {
  /// Reads the JSON of a configuration file; any key of it may be missing.
  public init(json: Data) throws { self = try JSONDecoder().decode(Configuration.self, from: json) }

  /// Writes the JSON of a configuration file, every key of it.
  public func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self)
  }
}
