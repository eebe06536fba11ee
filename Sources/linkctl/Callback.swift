internal import Foundation

/// What the browser brought back from the provider.
package enum Callback: Hashable, Sendable {
  /// The user agreed.
  case granted(token: String, verifier: String)
  /// The user agreed, by OAuth 2.0.
  case code(state: String, code: String)
  /// The user said no.
  case denied(token: String)

  /// The request token or the state, which says what link it belongs to.
  package var token: String {
    switch self {
    case .granted(let token, _), .denied(let token), .code(let token, _): token
    }
  }

  /// Reads the query of a callback URL; nil unless it is exactly one of the two.
  package init?(query: String) {
    var values: [String: String] = [:]
    for pair in query.split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = Self.decoded(parts[0]), let value = Self.decoded(parts.dropFirst().first)
      else { return nil }
      // A second value would be a question of taste; a callback of X has none.
      guard values.updateValue(value, forKey: name) == nil else { return nil }
    }
    switch (values["oauth_token"], values["oauth_verifier"], values["denied"]) {
    case (let token?, let verifier?, nil): self = .granted(token: token, verifier: verifier)
    case (nil, nil, let token?): self = .denied(token: token)
    case (nil, nil, nil): self.init(codeAnswer: values)
    default: return nil
    }
  }

  /// What OAuth 2.0 sends back (RFC 6749 section 4.1.2).
  private init?(codeAnswer values: [String: String]) {
    switch (values["state"], values["code"], values["error"]) {
    case (let state?, let code?, nil): self = .code(state: state, code: code)
    case (let state?, nil, "access_denied"?): self = .denied(token: state)
    default: return nil
    }
  }

  /// Reads the whole URL that the browser was sent to.
  package init?(url: String) {
    guard let query = URLComponents(string: url)?.percentEncodedQuery else { return nil }
    self.init(query: query)
  }

  /// A value of `application/x-www-form-urlencoded`.
  private static func decoded(_ text: Substring?) -> String? {
    guard let text else { return nil }
    return text.replacing("+", with: " ").removingPercentEncoding
  }
}
