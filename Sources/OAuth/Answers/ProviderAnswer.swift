/// What a provider answered, as it came.
public struct ProviderAnswer: Sendable {
  /// The HTTP status.
  public let status: Int
  /// The headers, in order.
  public let headers: [(name: String, value: String)]
  /// The body, which the reader has limited already.
  public let body: [UInt8]

  /// Takes an answer apart.
  public init(status: Int, headers: [(name: String, value: String)], body: [UInt8]) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// The value of the only header of this name, which must be in lower case; nil also if there are
  /// several, because then none of them can be relied on.
  func header(_ name: String) -> String? {
    let found = headers.filter { $0.name.utf8.map(\.asciiLowercased).elementsEqual(name.utf8) }
    return found.count == 1 ? found.first?.value : nil
  }
}

extension ProviderAnswer {
  /// How many seconds the provider's clock was ahead of `localTime`, in seconds since 1970, when it
  /// answered; negative if behind, nil if it did not tell the time.
  public func clockSkew(at localTime: Int64) -> Int64? {
    date?.difference(from: localTime)
  }

  /// The time of the `Date` header, in seconds since 1970.
  var date: Int64? { header("date").flatMap(HTTPDate.seconds) }
}

extension Int64 {
  /// This less `other`; nil where that is no number of 64 bits.
  func difference(from other: Int64) -> Int64? {
    let (difference, overflow) = subtractingReportingOverflow(other)
    return overflow ? nil : difference
  }
}

extension ProviderAnswer: Redacted {
  /// The status and the length of the body.
  public var description: String { "HTTP \(status), \(body.count) bytes" }
}

/// An answer of status 200 that does not say what it should.
struct MalformedAnswer: Error {
  /// Which of its parts is missing or wrong.
  ///
  /// Holds nothing of the answer, which may be a secret.
  let message: String

  init(_ message: String) { self.message = message }
}

extension ProviderAnswer {
  /// The parameters of a form, each of them once.
  func form() throws(MalformedAnswer) -> AnswerForm {
    let parameters: [Parameter]
    do throws(OAuthError) {
      parameters = try Form.decode(body)
    } catch {
      throw MalformedAnswer("the answer is not a form: \(error.message)")
    }
    guard Set(parameters.map { Array($0.name.utf8) }).count == parameters.count else {
      throw MalformedAnswer("the answer has a parameter twice")
    }
    return AnswerForm(parameters: parameters)
  }

  /// The members of a JSON object.
  func json() throws(MalformedAnswer) -> JSON {
    guard let json = JSON(parsing: body), case .object = json else {
      throw MalformedAnswer("the answer is not a JSON object")
    }
    return json
  }
}

/// A form whose names are unique.
struct AnswerForm {
  let parameters: [Parameter]

  func optional(_ name: String, limit: Int) throws(MalformedAnswer) -> String? {
    guard let value = parameters.first(where: { $0.hasName(name) })?.value else { return nil }
    guard (1...limit).contains(value.utf8.count), value.utf8.allSatisfy({ $0 >= 0x20 }) else {
      throw MalformedAnswer("\(name) is empty, too long or has control characters")
    }
    return value
  }

  func required(_ name: String, limit: Int) throws(MalformedAnswer) -> String {
    guard let value = try optional(name, limit: limit) else {
      throw MalformedAnswer("the answer has no \(name)")
    }
    return value
  }

  func credentials() throws(MalformedAnswer) -> Credentials {
    Credentials(
      identifier: try required("oauth_token", limit: Limits.token),
      secret: Secret(try required("oauth_token_secret", limit: Limits.token)))
  }
}

extension RequestToken {
  init(answer: ProviderAnswer) throws(MalformedAnswer) {
    let form = try answer.form()
    // RFC 5849 section 2.1: "MUST be present and set to 'true'". A provider without it is one of
    // OAuth 1.0, whose flow could be finished by another user.
    guard try form.required("oauth_callback_confirmed", limit: Limits.token) == "true" else {
      throw MalformedAnswer("oauth_callback_confirmed is not true")
    }
    self.init(credentials: try form.credentials())
  }
}

extension AccessGrant {
  init(
    answer: ProviderAnswer, userIDField: String?, screenNameField: String?
  ) throws(MalformedAnswer) {
    let form = try answer.form()
    func field(_ name: String?) throws(MalformedAnswer) -> String? {
      guard let name else { return nil }
      return try form.optional(name, limit: Limits.identity)
    }
    credentials = try form.credentials()
    userID = try field(userIDField)
    screenName = try field(screenNameField)
  }
}

extension Identity {
  /// Reads `account/verify_credentials`.
  ///
  /// `id_str` rather than `id`, which is too long for the numbers of some parsers.
  init(verifiedCredentials answer: ProviderAnswer) throws(MalformedAnswer) {
    let user = try answer.json()
    userID = try user.requiredText("id_str", limit: Limits.identity)
    screenName = try user.requiredText("screen_name", limit: Limits.identity)
    name = user["name"]?.text
    profileImageURL = user["profile_image_url_https"]?.text
    accessLevel = GrantedAccess(header: answer.header("x-access-level"))
  }

  /// Reads `users/me`.
  init(me answer: ProviderAnswer) throws(MalformedAnswer) {
    guard let user = try answer.json()["data"] else {
      throw MalformedAnswer("the answer has no data")
    }
    userID = try user.requiredText("id", limit: Limits.identity)
    screenName = try user.requiredText("username", limit: Limits.identity)
    name = user["name"]?.text
    profileImageURL = user["profile_image_url"]?.text
    accessLevel = GrantedAccess(header: answer.header("x-access-level"))
  }
}

extension JSON {
  func requiredText(_ name: String, limit: Int) throws(MalformedAnswer) -> String {
    guard let text = self[name]?.text, (1...limit).contains(text.utf8.count),
      text.utf8.allSatisfy({ $0 >= 0x20 })
    else {
      throw MalformedAnswer("\(name) is missing, empty, too long or has control characters")
    }
    return text
  }
}
