/// How an error is spelled.
///
/// X's endpoints have answered all of these.
public enum ErrorFormat: String, Sendable, Hashable, Codable, CaseIterable {
  /// `{"errors":[{"code":32,"message":"…"}]}`, the form of v1.1.
  case json
  /// `<errors><error code="32">…</error></errors>`.
  case xml
  /// `<hash><error>…</error><request>…</request></hash>`, which has no code.
  case hash
  /// A sentence and nothing else.
  case plain
  /// `{"title":…,"detail":…,"type":…}`, the form of v2.
  case problem

  /// Spells `error`, which a request for `path` met.
  func answer(_ error: XError, path: String) -> Answer {
    switch self {
    case .json:
      Answer(error.status, type: "application/json; charset=utf-8", Self.json(error).description)
    case .xml:
      Answer(
        error.status, type: "application/xml; charset=utf-8",
        Self.xmlDeclaration
          + "<errors><error code=\"\(error.code)\">\(escapeMarkup(error.message))</error></errors>")
    case .hash:
      Answer(
        error.status, type: "application/xml; charset=utf-8",
        Self.xmlDeclaration + "<hash><error>\(escapeMarkup(error.message))</error>"
          + "<request>\(escapeMarkup(path))</request></hash>")
    case .plain: Answer(error.status, type: "text/plain; charset=utf-8", error.text)
    case .problem: Self.problem(error)
    }
  }

  private static let xmlDeclaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

  private static func json(_ error: XError) -> JSON {
    var members: [JSON.Member] = [.init(name: "code", value: .number(Int64(error.code)))]
    if let label = error.label { members.append(.init(name: "label", value: .string(label))) }
    members.append(.init(name: "message", value: .string(error.message)))
    return ["errors": [.object(members)]]
  }

  /// v2 names its problems by type instead of number.
  private static func problem(_ error: XError) -> Answer {
    switch error {
    case .rateLimited:
      problem(error.status, "Too Many Requests", "rate-limit-exceeded", error.message)
    case .resourceNotAllowed:
      problem(
        error.status, "Unsupported Authentication", "unsupported-authentication", error.message)
    default:
      problem(
        error.status, error.status == 401 ? "Unauthorized" : "Forbidden",
        "not-authorized-for-resource", error.message)
    }
  }

  /// OAuth works, and still every call of v2 fails until the app is in a package.
  static let notEnrolled = problem(
    403, "Client Forbidden", "client-forbidden",
    "When authenticating requests to the X API v2 endpoints, you must use keys and tokens from an "
      + "app that is in a package and the Production environment.",
    also: [.init(name: "reason", value: "client-not-enrolled")])

  private static func problem(
    _ status: Int, _ title: String, _ type: String, _ detail: String, also: [JSON.Member] = []
  ) -> Answer {
    let members: [JSON.Member] = [
      .init(name: "title", value: .string(title)),
      .init(name: "detail", value: .string(detail)),
      .init(name: "type", value: .string("https://api.twitter.com/2/problems/\(type)")),
      .init(name: "status", value: .number(Int64(status))),
    ]
    return Answer(
      status, type: "application/problem+json; charset=utf-8",
      JSON.object(members + also).description)
  }
}

/// Text that means itself in HTML and XML, in element content and in quoted attributes.
func escapeMarkup(_ text: String) -> String {
  var escaped = ""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "&": escaped += "&amp;"
    case "<": escaped += "&lt;"
    case ">": escaped += "&gt;"
    case "\"": escaped += "&quot;"
    case "'": escaped += "&#39;"
    default: escaped.unicodeScalars.append(scalar)
    }
  }
  return escaped
}
