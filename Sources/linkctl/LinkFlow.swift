internal import Console
internal import Foundation
internal import LinkAPI
internal import Linux
internal import Protobuf

/// What is wanted of a link.
struct LinkOrder: Sendable {
  let profile: String
  /// Where the browser comes back; nil for PIN mode.
  let callback: String?
  let port: UInt16
  let opensBrowser: Bool
  let access: AccessLevel?
  let forceLogin: Bool
  let allowsSharing: Bool
  let screenName: String?
  let method: LinkMethod
  let scopes: [String]

  /// The request that begins the link.
  ///
  /// Every call has a new request_id.
  func request(with keys: KeySource) -> StartLinkRequest {
    var request = StartLinkRequest()
    request.parent = Profile.name(profile)
    request.provider = .x
    switch keys {
    case .given(let pair): request.keySource = .keys(ConsumerKeys(pair))
    case .kept(let name): request.keySource = .keySet(name)
    }
    request.returnMethod = callback.map { .callbackURL($0) } ?? .pin(PinEntry())
    request.accessLevel = access ?? .unspecified
    request.forceLogin = forceLogin
    request.screenName = screenName ?? ""
    request.accountSharing = allowsSharing ? .allow : .refuse
    request.linkMethod = method
    request.scopes = scopes
    request.requestID = RequestID.random()
    return request
  }
}

/// The steps of linking an account at X.
struct LinkFlow: Sendable {
  let order: LinkOrder
  let keys: KeySource
  let output: Output

  /// Begins, prints the ticket and ends.
  func start(_ linkd: Linkd) async throws {
    guard isatty(STDOUT_FILENO) == 0 else {
      throw Failure(
        .usage, "--start prints a secret, which is not for a terminal",
        hint: "send standard output to a file or a pipe")
    }
    let ticket = try await begin(linkd)
    try Output.write(try Output.encoded(ticket))
  }

  /// Begins, asks for the PIN and completes.
  func runWithPIN(_ linkd: Linkd) async throws {
    var ticket = try await begin(linkd)
    show(ticket.authorizeUrl)
    ticket.pin = try Prompt.secret(
      "PIN that X shows: ", hint: "without one, use --start --pin and then --complete")
    try await complete(ticket, linkd)
  }

  /// Begins, waits for the browser to come back and completes.
  func runWithBrowser(_ linkd: Linkd) async throws {
    let (ticket, callback) = try await CallbackListener(port: order.port).listen { inbox in
      let ticket = try await begin(linkd)
      inbox.expect(token: try ticket.requestToken())
      show(ticket.authorizeUrl)
      let callback = try await inbox.callback(until: .now.advanced(by: ticket.remaining))
      return (ticket, callback)
    }
    try await complete(ticket.with(callback), linkd)
  }

  private func begin(_ linkd: Linkd) async throws(Failure) -> LinkTicket {
    LinkTicket(
      try await linkd.startLink(order.request(with: keys)), profile: order.profile)
  }

  private func show(_ url: String) {
    let opened = order.opensBrowser && Browser.open(url)
    let text = opened ? "X's page is open in your browser:" : "open this address in your browser:"
    output.note("\(text)\n\n  \(url.printable)\n")
  }

  private func complete(_ ticket: LinkTicket, _ linkd: Linkd) async throws {
    let request = try ticket.request()
    let response = try await patiently { () async throws(Failure) in
      try await linkd.completeLink(request)
    }
    let view = try LinkedView(response)
    try output.result(view, text: view.text)
  }

  /// Asks again, for about six seconds, while linkd itself cannot be reached.
  ///
  /// The person has agreed and cannot be asked to do so twice; the call's request_id sees to it that
  /// repeating it links once.
  private func patiently<Answer>(
    _ body: () async throws(Failure) -> Answer
  ) async throws -> Answer {
    for milliseconds in [200, 400, 800, 1600, 3200] {
      do throws(Failure) {
        return try await body()
      } catch {
        guard error.status == .unavailable, error.answer?.reason == nil else { throw error }
      }
      try await Task.sleep(for: .milliseconds(milliseconds))
    }
    return try await body()
  }
}

/// Names a call, so that repeating it does nothing twice (AIP-155).
enum RequestID {
  static func random() -> String { UUID().uuidString.lowercased() }
}
