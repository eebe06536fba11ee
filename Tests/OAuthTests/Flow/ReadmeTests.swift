import Foundation
import OAuth
import Testing

@Suite struct `The example in README` {
  private let client = Sample.client
  private let now: Int64 = 1
  private let url = "https://api.x.com/2/users/me"

  private func stamp() throws -> Stamp { try Sample.stamp() }

  /// An X that gives the same in every leg.
  private func send(_ request: PreparedRequest) async throws -> ProviderAnswer {
    Sample.answer("oauth_token=t&oauth_token_secret=s&oauth_callback_confirmed=true")
  }

  private func browse(_ page: String) -> String { Sample.verifier }

  private func example() async throws -> String {
    // README begins.
    let flow = ThreeLeggedFlow(provider: .x, client: client)
    let first = try flow.requestToken(callback: .url("https://app.example/callback"))
    let token = try first.value(of: try await send(first.request(stamp: stamp())), at: now)
    // The user's browser goes there, and comes back with a verifier.
    let verifier = browse(try flow.consentURL(for: token))
    let last = try flow.accessToken(for: token, verifier: verifier)
    let grant = try last.value(of: try await send(last.request(stamp: stamp())), at: now)
    let signer = Signer(client: client, token: grant.credentials)
    let request = SignableRequest(method: "GET", url: url)
    let header = try signer.authorization(for: request, stamp: stamp()).value
    // README ends.
    return header
  }

  @Test func `links and signs`() async throws {
    #expect(try await example().hasPrefix("OAuth oauth_consumer_key=\"\(client.identifier)\""))
  }

  @Test func `is this one, to the letter`() throws {
    let here = URL(filePath: #filePath)
    let root = (0..<4).reduce(here) { url, _ in url.deletingLastPathComponent() }
    let source = try String(contentsOf: here, encoding: .utf8).split(separator: "\n")
    let lines = source.drop { !$0.hasSuffix("// README begins.") }.dropFirst()
      .prefix { !$0.hasSuffix("// README ends.") }
    let example = lines.map { $0.dropFirst(4) }.joined(separator: "\n")
    let readme = try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)
    #expect(lines.count == 10 && readme.contains(example))
  }
}
