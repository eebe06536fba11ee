import OAuth

/// A request whose signature, timestamp and nonce are good.
struct Verified: Sendable {
  let app: App
  let received: ReceivedRequest

  /// A parameter of header, query or body; nil if it is missing or empty.
  func value(of name: String) throws(XError) -> String? {
    do {
      let value = try received.value(of: name)
      return value?.isEmpty == true ? nil : value
    } catch {
      throw .badAuthenticationData
    }
  }
}

extension Platform {
  /// Reads the OAuth parameters: header, form and query together, none of them twice.
  func read(_ exchange: Exchange) throws(XError) -> ReceivedRequest {
    let request = exchange.request
    do {
      return try ReceivedRequest(
        method: request.method, url: request.url,
        authorization: request.headers.first(named: "authorization"),
        contentType: request.headers.first(named: "content-type"), body: request.body)
    } catch {
      throw .badAuthenticationData
    }
  }

  /// Finds the app and checks signature, timestamp and nonce, in this order.
  mutating func verify(
    _ received: ReceivedRequest, tokenSecret: String?, at now: Int64
  ) throws(XError) -> Verified {
    guard let app = app(withKey: received.consumerKey),
      received.isSigned(
        clientSecret: Secret(app.secret), tokenSecret: tokenSecret.map { Secret($0) })
    else { throw .couldNotAuthenticate }
    let window = configuration.settings.timestampWindow
    guard abs(now - received.timestamp) <= window else { throw .timestampOutOfBounds }
    let use = NonceMemory.Use(
      timestamp: received.timestamp, appKey: Key(app.key), token: Key(received.token ?? ""),
      nonce: Key(received.nonce))
    guard nonces.insert(use, forgettingBefore: now - window) else { throw .couldNotAuthenticate }
    guard !app.isSuspended else { throw .appSuspended }
    return Verified(app: app, received: received)
  }

  func app(withKey key: String) -> App? {
    configuration.apps.first { Key($0.key) == Key(key) }
  }

  func user(withID id: Int64) -> User? { configuration.users.first { $0.id == id } }

  /// Screen names are ASCII and compared without case.
  func user(named name: String) -> User? {
    configuration.users.first { Key($0.screenName.lowercased()) == Key(name.lowercased()) }
  }
}
