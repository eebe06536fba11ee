/// The `Authorization` header of RFC 5849 section 3.5.1.
public struct AuthorizationHeader: Sendable, Hashable {
  /// Tells which part of the server is meant.
  ///
  /// Not signed.
  public let realm: String?
  /// The protocol parameters, `oauth_signature` among them, decoded.
  public let parameters: [Parameter]

  /// Holds the parts of a header that is to be written.
  public init(realm: String? = nil, parameters: [Parameter]) {
    self.realm = realm
    self.parameters = parameters
  }

  /// The header's value.
  ///
  /// Does not need to be kept secret for long, but does not belong in a log: whoever has it can
  /// send the same request again for a while.
  public var value: String {
    // The realm is a quoted string of HTTP and not percent-encoded, so it must not end early.
    let safe = realm.map {
      $0.utf8.filter { ($0.isVisible || $0 == 0x20) && ![0x22, 0x5C].contains($0) }
    }
    let realm = safe.map { [#"realm="\#(String(decoding: $0, as: UTF8.self))""#] } ?? []
    let pairs = parameters.map { parameter in
      #"\#(PercentEncoding.encode(parameter.name))="\#(PercentEncoding.encode(parameter.value))""#
    }
    return "OAuth " + (realm + pairs).joined(separator: ", ")
  }
}

extension AuthorizationHeader: Redacted {
  /// The names of the parameters.
  public var description: String { "OAuth \(parameters)" }
}

extension AuthorizationHeader {
  /// Reads a header's value, strictly: every value quoted, nothing but encoded text in it, nothing
  /// twice, nothing between, before or after.
  public init(parsing value: String) throws(OAuthError) {
    var parser = try AuthorizationHeaderParser(value)
    self = try parser.parse()
  }
}

/// Reads `OAuth name="value", name="value"`.
private struct AuthorizationHeaderParser {
  private var rest: Substring.UTF8View

  init(_ value: String) throws(OAuthError) {
    guard value.utf8.count <= Limits.authorizationHeader else {
      throw OAuthError(
        .tooLarge, "an Authorization header of more than \(Limits.authorizationHeader) bytes")
    }
    rest = value[...].utf8
  }

  mutating func parse() throws(OAuthError) -> AuthorizationHeader {
    // "The auth-scheme name set to 'OAuth' (case insensitive)."
    guard takeWhile(\.isAlphanumeric).map(\.asciiLowercased).elementsEqual("oauth".utf8),
      !takeWhile(Self.isBlank).isEmpty
    else { throw OAuthError(.invalidHeader, "the scheme is not OAuth") }
    var realm: String?
    var parameters: [Parameter] = []
    repeat {
      let parameter = try takeParameter()
      if parameter.hasName("realm") {
        guard realm == nil else { throw Self.duplicate }
        realm = parameter.value
      } else {
        guard !parameters.contains(where: { $0.hasName(parameter.name) }) else {
          throw Self.duplicate
        }
        parameters.append(parameter)
      }
    } while try takeSeparator()
    return AuthorizationHeader(realm: realm, parameters: parameters)
  }

  private mutating func takeParameter() throws(OAuthError) -> Parameter {
    let name = takeWhile { $0.isUnreserved || $0 == UInt8(ascii: "%") }
    guard !name.isEmpty, take("="), take("\"") else {
      throw OAuthError(.invalidHeader, "a parameter that is not name=\"value\"")
    }
    let isRealm = name.elementsEqual("realm".utf8)
    let value = takeWhile { byte in
      isRealm
        ? (byte.isVisible || byte == 0x20) && byte != UInt8(ascii: "\"")
        : byte.isUnreserved || byte == UInt8(ascii: "%")
    }
    guard take("\"") else {
      throw OAuthError(.invalidHeader, "a value with a character that must be encoded")
    }
    let text =
      isRealm ? String(Substring(value)) : try PercentEncoding.decode(value, plusIsSpace: false)
    return Parameter(try PercentEncoding.decode(name, plusIsSpace: false), text)
  }

  /// Takes a comma and the blanks around it; false at the end.
  private mutating func takeSeparator() throws(OAuthError) -> Bool {
    _ = takeWhile(Self.isBlank)
    guard !rest.isEmpty else { return false }
    guard take(",") else { throw OAuthError(.invalidHeader, "parameters without a comma between") }
    _ = takeWhile(Self.isBlank)
    return true
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard rest.first == UInt8(ascii: character) else { return false }
    rest = rest.dropFirst()
    return true
  }

  private mutating func takeWhile(_ belongs: (UInt8) -> Bool) -> Substring.UTF8View {
    let taken = rest.prefix(while: belongs)
    rest = rest.dropFirst(taken.count)
    return taken
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  private static var duplicate: OAuthError {
    OAuthError(.duplicateParameter, "a parameter of the Authorization header is there twice")
  }
}
