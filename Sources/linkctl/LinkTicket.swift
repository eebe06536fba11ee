internal import Foundation
internal import LinkAPI
internal import Protobuf

/// A link that has begun: what `--start` prints and `--complete` reads back.
///
/// It holds a secret. It is written where the script wants it and nowhere else.
struct LinkTicket: Codable, Sendable {
  var link: String
  var profile: String
  var authorizeUrl: String
  var linkSecret: String
  var expireTime: String
  /// For the completing call, so that it can be repeated.
  var requestId: String
  /// Where the browser was sent to.
  ///
  /// The script adds this,
  var callback: String?
  /// or this.
  var pin: String?

  private var expiry = Timestamp()
  private var answer: Callback?

  private enum CodingKeys: String, CodingKey {
    case link, profile, authorizeUrl, linkSecret, expireTime, requestId, callback, pin
  }

  init(_ response: StartLinkResponse, profile: String) {
    link = response.link
    self.profile = profile
    authorizeUrl = response.authorizeURL
    linkSecret = response.linkSecret
    expireTime = response.expireTime?.text ?? ""
    requestId = RequestID.random()
    expiry = response.expireTime ?? Timestamp()
  }

  /// Reads what `--complete` is given.
  static func completed(json: String) throws(Failure) -> LinkTicket {
    let ticket: LinkTicket
    do {
      ticket = try JSONDecoder().decode(LinkTicket.self, from: Data(json.utf8))
    } catch {
      // The decoder's own words may quote the input.
      throw Failure(
        .malformedInput, "standard input is not the JSON that --start printed",
        hint: "add the member \"callback\" or \"pin\" to it and change nothing else")
    }
    return ticket
  }

  /// How long the link can still be completed.
  var remaining: Duration { expiry.remaining }

  /// The request token, or the state, in the provider's address: what the callback must bring back.
  func requestToken() throws(Failure) -> String {
    let items = URLComponents(string: authorizeUrl)?.queryItems ?? []
    guard let token = items.first(where: { ["oauth_token", "state"].contains($0.name) })?.value
    else {
      throw Failure(.serverFault, "linkd's address has neither oauth_token nor state")
    }
    return token
  }

  /// This ticket with what the browser brought.
  func with(_ callback: Callback) -> LinkTicket {
    var ticket = self
    ticket.answer = callback
    return ticket
  }

  /// The call that completes the link.
  func request() throws(Failure) -> CompleteLinkRequest {
    var request = CompleteLinkRequest()
    request.parent = Profile.name(profile)
    request.linkSecret = linkSecret
    request.requestID = requestId
    request.outcome = try outcome()
    return request
  }

  private func outcome() throws(Failure) -> CompleteLinkRequest.Outcome {
    switch (answer ?? callback.flatMap { Callback(url: $0) }, pin) {
    case (.granted(let token, let verifier)?, nil):
      var grant = CallbackGrant()
      grant.oauthToken = token
      grant.oauthVerifier = verifier
      return .grant(grant)
    case (.code(let state, let code)?, nil):
      var grant = CodeGrant()
      grant.state = state
      grant.code = code
      return .codeGrant(grant)
    case (.denied(let token)?, nil):
      var denial = Denial()
      denial.denied = token
      return .denial(denial)
    case (nil, let pin?) where callback == nil:
      return .pin(pin)
    default:
      throw Failure(
        .malformedInput, "the JSON must have either a \"callback\" of X or a \"pin\"",
        hint:
          "\"callback\" is the whole URL with oauth_token and oauth_verifier or state and code, or with denied"
      )
    }
  }
}
