/// A consumer key and its secret.
package struct KeyPair: Hashable, Sendable, CustomStringConvertible {
  package let key: String
  package let secret: String

  package init(key: String, secret: String) {
    self.key = key
    self.secret = secret
  }

  /// Names neither of them.
  package var description: String { "KeyPair(***)" }
}

/// The file that keys come in: lines `consumer_key = …` and `consumer_secret = …`, or `client_id = …`
/// and, unless the app has none, `client_secret = …` for OAuth 2.0; comments after `#`.
///
/// Errors name the line and never what stands in it.
package enum KeyFile {
  /// The longest key or secret (the same limit as linkd's).
  private static let longestValue = 256

  private enum Name: String {
    case consumerKey = "consumer_key"
    case consumerSecret = "consumer_secret"
    case clientID = "client_id"
    case clientSecret = "client_secret"
  }

  /// Reads the two keys of OAuth 1.0a.
  package static func parse(_ text: String) throws(Failure) -> KeyPair {
    let values = try values(of: text)
    guard let key = values[.consumerKey], let secret = values[.consumerSecret] else {
      throw Failure(
        .malformedInput, "the key file lacks consumer_key or consumer_secret",
        hint: "it needs two lines: consumer_key = … and consumer_secret = …")
    }
    return KeyPair(key: key, secret: secret)
  }

  /// Reads the client id of OAuth 2.0, and the client secret if there is one.
  package static func parseClient(_ text: String) throws(Failure) -> KeyPair {
    let values = try values(of: text)
    guard let id = values[.clientID] else {
      throw Failure(
        .malformedInput, "the key file lacks client_id",
        hint: "for OAuth 2.0 it needs client_id = … and, unless the app has none, client_secret = …"
      )
    }
    return KeyPair(key: id, secret: values[.clientSecret] ?? "")
  }

  private static func values(of text: String) throws(Failure) -> [Name: String] {
    var values: [Name: String] = [:]
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (index, line) in lines.enumerated() {
      guard let (name, value) = try parse(line: line, number: index + 1) else { continue }
      guard values.updateValue(value, forKey: name) == nil else {
        throw malformed(index + 1, "\(name.rawValue) stands there twice")
      }
    }
    return values
  }

  /// Whether a text can be a key or a secret: 1 to 256 visible ASCII characters.
  package static func isValidValue(_ text: String) -> Bool {
    (1...longestValue).contains(text.utf8.count)
      && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
  }

  private static func parse(line: Substring, number: Int) throws(Failure) -> (Name, String)? {
    let line = line.trimmed
    guard !line.isEmpty, !line.hasPrefix("#") else { return nil }
    guard let equals = line.firstIndex(of: "=") else {
      throw malformed(number, "it is not of the form name = value")
    }
    guard let name = Name(rawValue: line[..<equals].trimmed) else {
      throw malformed(
        number, "its name is not consumer_key, consumer_secret, client_id or client_secret")
    }
    let value = line[line.index(after: equals)...].trimmed
    guard isValidValue(value) else {
      throw malformed(number, "the value must be 1 to 256 visible ASCII characters")
    }
    return (name, value)
  }

  private static func malformed(_ line: Int, _ why: String) -> Failure {
    Failure(.malformedInput, "line \(line) of the key file: \(why)")
  }
}

extension Substring {
  fileprivate var trimmed: String {
    var text = self
    while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
    while let last = text.last, last == " " || last == "\t" { text.removeLast() }
    return String(text)
  }
}
