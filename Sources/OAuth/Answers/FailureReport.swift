/// What an answer says about a failure, in whichever form: the JSON of X's v1.1, the problem
/// documents of v2, two kinds of XML, plain text.
struct FailureReport {
  /// The provider's number.
  private(set) var code: Int?
  /// The provider's words as they came; empty if there are none.
  private(set) var message = ""
  /// The names in a problem document, the most particular one first.
  private(set) var problemNames: [String] = []

  init(_ answer: ProviderAnswer) {
    // The type of the content is not asked: X labels forms and errors as text/html.
    guard answer.body.count <= Limits.answer,
      let text = String(validating: answer.body, as: UTF8.self)
    else { return }
    if let json = JSON(parsing: answer.body) {
      read(json)
    } else if text.trimmed.hasPrefix("<") {
      read(markup: text)
    } else {
      message = text.trimmed
    }
  }

  /// `{"errors":[{"code":32,"message":"…"}]}`, `{"title":…,"detail":…,"type":…}`, both in one, or
  /// `{"error":"…","error_description":"…"}` (RFC 6749 section 5.2).
  private mutating func read(_ json: JSON) {
    let errors = json["errors"]?.elements ?? []
    let first = errors.first { $0["code"]?.integer != nil } ?? errors.first
    code = first?["code"]?.integer
    message =
      first?["message"]?.text ?? json["detail"]?.text ?? json["title"]?.text
      ?? json["error_description"]?.text ?? json["error"]?.text ?? json["errors"]?.text ?? ""
    let type = json["type"]?.text?.split(separator: "/").last.map(String.init)
    problemNames = [json["reason"]?.text, json["error"]?.text, type].compactMap { $0 }
  }

  /// `<errors><error code="32">…</error></errors>` or `<hash><error>…</error>…</hash>`; the body of
  /// a page for people tells nothing.
  private mutating func read(markup text: String) {
    guard let element = XMLElement(named: "error", in: text) else {
      message = "a page instead of an answer"
      return
    }
    code = element.attribute("code").flatMap { Int($0) }
    message = element.text
  }
}

extension StringProtocol {
  /// Without the blanks and line ends around.
  var trimmed: String {
    let isBlank: (Character) -> Bool = { $0.isWhitespace }
    let start = drop(while: isBlank)
    return String(String(start.reversed()).drop(while: isBlank).reversed())
  }
}

/// The first element of a name, found without understanding the rest of the document.
///
/// Enough for two known forms of error, and nothing that an XML parser could be attacked by:
/// no entities but the five of XML itself, no nesting, no external references.
struct XMLElement {
  private let attributes: Substring
  /// The text inside, without references and blanks around.
  let text: String

  init?(named name: String, in document: String) {
    var rest = document[...]
    while let start = rest.firstRange(of: "<\(name)") {
      rest = rest[start.upperBound...]
      // `<errors>` begins like `<error>`.
      guard let next = rest.first, next == ">" || next.isWhitespace else { continue }
      guard let tagEnd = rest.firstRange(of: ">"),
        let end = rest[tagEnd.upperBound...].firstRange(of: "</\(name)>")
      else { return nil }
      attributes = rest[..<tagEnd.lowerBound]
      text = Self.unescaped(rest[tagEnd.upperBound..<end.lowerBound]).trimmed
      return
    }
    return nil
  }

  /// The value of an attribute, in either kind of quotes.
  func attribute(_ name: String) -> String? {
    for quote in ["\"", "'"] {
      guard let start = attributes.firstRange(of: "\(name)=\(quote)") else { continue }
      let value = attributes[start.upperBound...]
      guard let end = value.firstRange(of: quote) else { continue }
      return String(value[..<end.lowerBound])
    }
    return nil
  }

  private static func unescaped(_ text: Substring) -> String {
    let references = [
      ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#39;", "'"),
      ("&#x27;", "'"),
      // Last, so that what it gives is not taken for a reference.
      ("&amp;", "&"),
    ]
    return references.reduce(String(text)) { $0.replacing($1.0, with: $1.1) }
  }
}
