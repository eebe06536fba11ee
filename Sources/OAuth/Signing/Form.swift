/// `application/x-www-form-urlencoded`, as queries, bodies and the answers of providers use it.
public enum Form {
  /// The media type.
  public static let mediaType = "application/x-www-form-urlencoded"

  /// Encodes with the percent-encoding of RFC 5849, which every form parser reads.
  public static func encode(_ parameters: [Parameter]) -> String {
    parameters.map { parameter in
      "\(PercentEncoding.encode(parameter.name))=\(PercentEncoding.encode(parameter.value))"
    }.joined(separator: "&")
  }

  /// Decodes a query or a body, in the order given.
  ///
  /// `a2=` and `a2` both mean an empty value.
  ///
  /// Throws where a lenient parser would guess: at stray percent signs, at bytes that are not
  /// UTF-8, and at whatever would not survive in a form (control characters, spaces, raw bytes
  /// beyond ASCII).
  public static func decode(_ bytes: some Collection<UInt8>) throws(OAuthError) -> [Parameter] {
    guard bytes.count <= Limits.form else {
      throw OAuthError(.tooLarge, "a form of more than \(Limits.form) bytes")
    }
    guard bytes.allSatisfy(\.isVisible) else {
      throw OAuthError(.invalidEncoding, "a form with a character that must be encoded")
    }
    var parameters: [Parameter] = []
    for pair in bytes.split(separator: UInt8(ascii: "&")) {
      guard parameters.count < Limits.parameters else {
        throw OAuthError(.tooLarge, "more than \(Limits.parameters) parameters")
      }
      let parts = pair.split(
        separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      let value = parts.dropFirst().first
      parameters.append(
        Parameter(
          try PercentEncoding.decode(parts.first ?? pair, plusIsSpace: true),
          try value.map { part throws(OAuthError) in
            try PercentEncoding.decode(part, plusIsSpace: true)
          } ?? ""))
    }
    return parameters
  }

  /// Whether a `Content-Type` names a form, whatever parameters follow.
  static func isForm(contentType: String?) -> Bool {
    guard let contentType else { return false }
    let type = contentType.utf8.prefix { $0 != UInt8(ascii: ";") }
      .filter { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
    return type.map(\.asciiLowercased).elementsEqual(mediaType.utf8)
  }
}
