/// What is signed: the signature base string of RFC 5849 section 3.4.1.
public enum BaseString {
  /// Joins method, base string URI and normalised parameters.
  ///
  /// `parameters` are those of the form body and of the protocol; those of the URL's query are
  /// added to them. Leave out `realm` and `oauth_signature`.
  public static func make(
    method: String, url: String, parameters: [Parameter]
  ) throws(OAuthError) -> String {
    let url = try SignedURL(url)
    return make(
      method: try validated(method: method), uri: url.baseStringURI,
      parameters: url.queryParameters + parameters)
  }

  static func make(method: String, uri: String, parameters: [Parameter]) -> String {
    [method, uri, normalize(parameters)].map(PercentEncoding.encode).joined(separator: "&")
  }

  /// RFC 5849 section 3.4.1.3.2: encoded, then sorted by bytes of name and then of value.
  static func normalize(_ parameters: [Parameter]) -> String {
    let encoded = parameters.map { parameter in
      (
        name: PercentEncoding.encode(utf8: parameter.name.utf8),
        value: PercentEncoding.encode(utf8: parameter.value.utf8)
      )
    }
    let sorted = encoded.sorted { left, right in
      left.name == right.name
        ? left.value.lexicographicallyPrecedes(right.value)
        : left.name.lexicographicallyPrecedes(right.name)
    }
    let pairs = sorted.map { $0.name + [UInt8(ascii: "=")] + $0.value }
    return String(decoding: Array(pairs.joined(separator: [UInt8(ascii: "&")])), as: UTF8.self)
  }

  /// The method in upper case.
  ///
  /// Only letters: whatever else would end up in the request line.
  static func validated(method: String) throws(OAuthError) -> String {
    let upper = method.utf8.map { $0.isLetter ? $0 & 0xDF : 0 }
    guard !upper.isEmpty, !upper.contains(0), upper.count <= 16 else {
      throw OAuthError(.invalidParameter, "the method is not a word of at most 16 letters")
    }
    return String(decoding: upper, as: UTF8.self)
  }
}
