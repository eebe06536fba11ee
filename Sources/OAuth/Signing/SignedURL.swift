import TextCoding

/// An absolute http or https URL, taken apart as far as RFC 5849 section 3.4.1.2 needs it.
struct SignedURL: Sendable {
  /// The base string URI: scheme, host, port unless it is the default one, and path.
  let baseStringURI: String
  /// The parameters of the query, decoded.
  let queryParameters: [Parameter]

  init(_ url: String) throws(OAuthError) {
    guard url.utf8.count <= Limits.url else {
      throw OAuthError(.tooLarge, "a URL of more than \(Limits.url) bytes")
    }
    guard url.utf8.allSatisfy(\.isVisible) else {
      throw OAuthError(.invalidURL, "a character in it must be percent-encoded")
    }
    // The fragment never travels.
    let sent = url.prefix { $0 != "#" }
    let beforeQuery = sent.prefix { $0 != "?" }
    let scheme = try Self.scheme(of: beforeQuery)
    let afterScheme = beforeQuery.dropFirst(scheme.count + 3)
    let authority = afterScheme.prefix { $0 != "/" }
    let path = afterScheme.dropFirst(authority.count)
    baseStringURI =
      "\(scheme)://\(try Self.normalized(authority, scheme: scheme))\(path.isEmpty ? "/" : path)"
    queryParameters = try Form.decode(sent.dropFirst(beforeQuery.count + 1).utf8)
  }

  private static func scheme(of url: Substring) throws(OAuthError) -> String {
    for scheme in ["https", "http"]
    where url.prefix(scheme.count + 3).lowercased() == scheme + "://" {
      return scheme
    }
    throw OAuthError(.invalidURL, "not an absolute http or https URL")
  }

  /// "The scheme and host MUST be in lowercase", and the port must be dropped if and only if it is
  /// the scheme's default.
  private static func normalized(
    _ authority: Substring, scheme: String
  ) throws(OAuthError) -> String {
    let host = try host(of: authority)
    let afterHost = authority.dropFirst(host.count)
    let name = host.lowercased()
    guard !afterHost.isEmpty else { return name }
    let digits = afterHost.dropFirst()
    guard afterHost.hasPrefix(":"), digits.utf8.allSatisfy(\.isDigit), let port = UInt16(digits)
    else {
      throw OAuthError(.invalidURL, "not a host name, optionally followed by a port")
    }
    return port == (scheme == "https" ? 443 : 80) ? name : "\(name):\(port)"
  }

  /// The host as written.
  ///
  /// User information is refused: it would be sent but not signed, and makes
  /// `https://api.x.com@example.com` look like X.
  private static func host(of authority: Substring) throws(OAuthError) -> Substring {
    if authority.hasPrefix("[") {
      let inside = authority.dropFirst().prefix { $0 != "]" }
      let host = authority.prefix(inside.count + 2)
      guard host.hasSuffix("]"), !inside.isEmpty,
        inside.utf8.allSatisfy({ Hex.value(of: $0) != nil || [0x3A, 0x2E].contains($0) })
      else { throw OAuthError(.invalidURL, "not an IPv6 address in the brackets") }
      return host
    }
    let host = authority.prefix { $0 != ":" }
    guard !host.isEmpty, host.utf8.allSatisfy(\.isUnreserved) else {
      throw OAuthError(.invalidURL, "a host name has letters, digits, dots and hyphens only")
    }
    return host
  }
}
