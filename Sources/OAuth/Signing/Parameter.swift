/// One name and value out of a query, a form or an `Authorization` header, decoded.
///
/// Equal means the same bytes: Swift compares strings by canonical equivalence, a signature does
/// not.
public struct Parameter: Sendable, Hashable {
  /// The name.
  public let name: String
  /// The value; may be a secret.
  public let value: String

  /// Pairs a name with a value, neither of them encoded.
  public init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }

  /// Compares bytes.
  public static func == (left: Parameter, right: Parameter) -> Bool {
    left.name.utf8.elementsEqual(right.name.utf8)
      && left.value.utf8.elementsEqual(right.value.utf8)
  }

  /// Hashes bytes.
  public func hash(into hasher: inout Hasher) {
    for byte in name.utf8 { hasher.combine(byte) }
    hasher.combine(UInt8(ascii: "="))
    for byte in value.utf8 { hasher.combine(byte) }
  }

  /// Whether RFC 5849 or a provider gives the name a meaning in the protocol itself.
  var isProtocolParameter: Bool { name.utf8.starts(with: "oauth_".utf8) }

  func hasName(_ other: String) -> Bool { name.utf8.elementsEqual(other.utf8) }
}

extension Parameter: Redacted {
  /// The name alone.
  public var description: String { "\(name)=***" }
}

extension [Parameter] {
  /// The value of the only parameter of this name; nil if there is none.
  func onlyValue(of name: String) throws(OAuthError) -> String? {
    let found = filter { $0.hasName(name) }
    guard found.count <= 1 else {
      throw OAuthError(.duplicateParameter, "\(name) is there \(found.count) times")
    }
    return found.first?.value
  }

  func requiredValue(of name: String) throws(OAuthError) -> String {
    guard let value = try onlyValue(of: name), !value.isEmpty else {
      throw OAuthError(.missingParameter, "\(name) is missing or empty")
    }
    return value
  }

  /// Refuses what RFC 5849 section 3.1 forbids: a parameter more than once.
  func requireUniqueProtocolParameters() throws(OAuthError) {
    var seen: Set<[UInt8]> = []
    for parameter in self where parameter.isProtocolParameter {
      guard seen.insert([UInt8](parameter.name.utf8)).inserted else {
        throw OAuthError(.duplicateParameter, "a parameter oauth_... is there more than once")
      }
    }
  }
}
