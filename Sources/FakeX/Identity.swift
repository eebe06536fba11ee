import OAuth

/// What is asked with an access token.
extension Platform {
  mutating func verifyCredentials(_ exchange: inout Exchange) throws(XError) -> Answer {
    let (token, user) = try identify(&exchange)
    return .json(
      Self.profile(of: user), headers: [Header("x-access-level", token.access.rawValue)])
  }

  mutating func usersMe(_ exchange: inout Exchange) throws(XError) -> Answer {
    // Whether the app may call v2 at all is said before whose token it is.
    if let app = appOfBearer(exchange), !app.isEnrolled { return ErrorFormat.notEnrolled }
    let user: User
    if let grant = grantOfBearer(exchange) {
      guard app(withKey: grant.appKey)?.isEnrolled == true else { return ErrorFormat.notEnrolled }
      user = try identify(&exchange, grant)
    } else {
      let identified = try identify(&exchange)
      let app = app(withKey: identified.0.appKey)
      guard app?.isEnrolled == true else { return ErrorFormat.notEnrolled }
      user = identified.1
    }
    let members: [JSON.Member] = [
      .init(name: "id", value: .string("\(user.id)")),
      .init(name: "name", value: .string(user.name)),
      .init(name: "username", value: .string(user.screenName)),
    ]
    return .json(["data": .object(members + Self.extras(exchange.request, user))])
  }

  mutating func invalidateToken(_ exchange: Exchange) throws(XError) -> Answer {
    let token = try verifyToken(exchange)
    accessTokens[Key(token.token)] = nil
    return .json(["access_token": .string(token.token)])
  }

  /// Checks the token, that its user may be spoken for, and the rate.
  private mutating func identify(
    _ exchange: inout Exchange
  ) throws(XError) -> (AccessToken, User) {
    let token = try verifyToken(exchange)
    guard let user = user(withID: token.userID) else { throw .invalidToken }
    if user.isSuspended { throw .accountSuspended }
    if user.isLocked { throw .accountLocked }
    try spend(&exchange, token: token.token)
    return (token, user)
  }

  /// The same for a bearer token, which must be allowed to ask.
  private mutating func identify(
    _ exchange: inout Exchange, _ grant: UserGrant
  ) throws(XError) -> User {
    guard let user = user(withID: grant.userID) else { throw .invalidToken }
    guard ["tweet.read", "users.read"].allSatisfy(grant.scopes.contains) else {
      throw .resourceNotAllowed
    }
    if user.isSuspended { throw .accountSuspended }
    if user.isLocked { throw .accountLocked }
    try spend(&exchange, token: "\(grant.appKey)/\(grant.userID)")
    return user
  }

  private mutating func verifyToken(_ exchange: Exchange) throws(XError) -> AccessToken {
    if exchange.request.authorization.afterScheme("bearer") != nil {
      // An app is not a user.
      throw appOfBearer(exchange) == nil ? .invalidToken : .resourceNotAllowed
    }
    let received = try read(exchange)
    guard let token = accessTokens[Key(received.token ?? "")],
      Key(token.appKey) == Key(received.consumerKey)
    else { throw .invalidToken }
    _ = try verify(received, tokenSecret: token.secret, at: exchange.now)
    return token
  }

  private static func profile(of user: User) -> JSON {
    [
      "id": .number(user.id), "id_str": .string("\(user.id)"), "name": .string(user.name),
      "screen_name": .string(user.screenName), "location": "", "description": "",
      "protected": false, "followers_count": .number(0), "friends_count": .number(0),
      "listed_count": .number(0), "created_at": .string(createdAt.long),
      "favourites_count": .number(0), "verified": false,
      "profile_image_url_https": .string(picture(of: user)),
      "suspended": .boolean(user.isSuspended), "needs_phone_verification": .boolean(user.isLocked),
    ]
  }

  /// The fields of v2 that were asked for and that the stand-in knows.
  private static func extras(_ request: Request, _ user: User) -> [JSON.Member] {
    let query = (try? Form.decode(request.query.utf8)) ?? []
    let wanted = query.filter { $0.name == "user.fields" }.flatMap {
      $0.value.split(separator: ",")
    }
    let known: [JSON.Member] = [
      .init(name: "created_at", value: .string(createdAt.iso)),
      .init(name: "description", value: ""),
      .init(name: "profile_image_url", value: .string(picture(of: user))),
      .init(name: "protected", value: false),
      .init(name: "verified", value: false),
    ]
    return known.filter { wanted.contains(Substring($0.name)) }
  }

  private static let createdAt = (
    long: "Tue Mar 21 20:50:14 +0000 2006", iso: "2006-03-21T20:50:14.000Z"
  )

  private static func picture(of user: User) -> String {
    "https://pbs.twimg.com/profile_images/\(user.id)/picture_normal.png"
  }
}

extension String {
  /// What follows the name of an authentication scheme, which has no case.
  func afterScheme(_ scheme: String) -> String? {
    let parts = split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == scheme else { return nil }
    return String(parts[1])
  }
}
