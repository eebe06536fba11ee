internal import LinkAPI
internal import OAuth

/// What a `SignRequest` asks for, read strictly.
struct SigningPlan {
  let name: AccountName
  let request: SignableRequest
  /// Method, host and path: what may be written down.
  let summary: String

  /// Whether the request is one that only reads (RFC 9110 section 9.2.1).
  var isSafe: Bool { ["GET", "HEAD"].contains(request.method) }

  /// Reads a request to one of `origins`, each scheme, host and port without a slash at the end.
  init(_ request: SignRequestRequest, origins: [String]) throws(Failure) {
    var check = RequestCheck()
    check.method(request.httpMethod)
    let path = check.path(of: request.url, origins: origins)
    let form = request.formParameters.map { Parameter($0.name, $0.value) }
    check.parameters(query: request.url, form: form)
    name = try check.account(request.name)
    summary = "\(request.httpMethod) \(path)"
    self.request = SignableRequest(
      method: request.httpMethod, url: request.url, body: form.isEmpty ? .none : .form(form))
  }
}

extension RequestCheck {
  private static let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]

  fileprivate mutating func method(_ method: String) {
    require(
      Self.methods.contains { $0.utf8.elementsEqual(method.utf8) }, "http_method",
      "must be one of \(Self.methods.joined(separator: ", "))")
  }

  /// The address without its query, if it may be signed for.
  ///
  /// The origin is compared to the letter, with the slash behind it: there is no user information,
  /// no other spelling of a host and no other port that could pass for it.
  fileprivate mutating func path(of url: String, origins: [String]) -> String {
    let isVisible = Self.isVisible(url, upTo: LinkLimits.signedURLLength)
    let address = url.utf8.prefix { $0 != UInt8(ascii: "?") }
    let origin = origins.first { address.starts(with: ($0 + "/").utf8) }
    require(
      isVisible && origin != nil && !url.utf8.contains(UInt8(ascii: "#")), "url",
      "must be an address of the provider's API, of at most \(LinkLimits.signedURLLength) visible "
        + "ASCII characters, without fragment")
    guard isVisible, let origin else { return "" }
    let path = address.dropFirst(origin.utf8.count)
    require(
      Self.isPlain(path), "url", "must have a plain path: no empty, dotted or encoded segments")
    require(
      !Self.leadsToCredentials(path), "url", "must not lead to where tokens are made or ended")
    return String(decoding: address, as: UTF8.self)
  }

  /// Whether the path has one reading only, so that the provider cannot see another one in it.
  private static func isPlain(_ path: Substring.UTF8View) -> Bool {
    let segments = path.dropFirst().split(
      separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    return segments.allSatisfy { segment in
      !segment.isEmpty && !segment.elementsEqual(".".utf8) && !segment.elementsEqual("..".utf8)
        && segment.allSatisfy(pathCharacters.contains)
    }
  }

  private static let pathCharacters = Set(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:@!$&'()*+,;=".utf8)

  /// Whether any part of the path begins with `oauth`.
  private static func leadsToCredentials(_ path: Substring.UTF8View) -> Bool {
    path.split(separator: UInt8(ascii: "/")).contains { segment in
      segment.prefix(5).map { $0 | 0x20 }.elementsEqual("oauth".utf8)
    }
  }

  /// Every parameter of query and body once, and none that belongs to the protocol.
  fileprivate mutating func parameters(query url: String, form: [Parameter]) {
    let query = url.utf8.drop { $0 != UInt8(ascii: "?") }.dropFirst()
    guard let inQuery = try? Form.decode(query) else {
      require(false, "url", "must have a query that is a form (name=value&…)")
      return
    }
    let names = (inQuery + form).map { Array($0.name.utf8) }
    let field = form.isEmpty ? "url" : "form_parameters"
    require(
      names.count <= LinkLimits.signedParameters, field,
      "must have at most \(LinkLimits.signedParameters) parameters")
    require(Set(names).count == names.count, field, "must have no parameter twice")
    require(
      names.allSatisfy { !$0.isEmpty && !$0.starts(with: "oauth_".utf8) }, field,
      "must have no parameter without a name or called oauth_…")
    let length = form.reduce(0) { $0 &+ $1.name.utf8.count &+ $1.value.utf8.count }
    require(
      length <= LinkLimits.signedFormLength, field,
      "must have at most \(LinkLimits.signedFormLength) bytes")
  }
}
