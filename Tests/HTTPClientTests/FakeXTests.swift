import FakeX
import Glibc
import HTTPClient
import OAuth
import Testing

/// The client in the use it is made for, with a server that shares no code with the other tests.
@Suite(.timeLimit(.minutes(1))) struct AgainstFakeX {
  /// Starts a stand-in for X, and a client that may go to it.
  private func withFakeX(
    _ body: (FakeX.Server, HTTPClient, String) async throws -> Void
  ) async throws {
    let server = FakeX.Server()
    let origin = "http://127.0.0.1:\(try await server.start())"
    do {
      try await withClient(origin) { try await body(server, $0, origin) }
      await server.stop()
    } catch {
      await server.stop()
      throw error
    }
  }

  private func requestToken(_ origin: String) throws -> HTTPRequest {
    let signer = Signer(
      client: Credentials(identifier: App.good.key, secret: Secret(App.good.secret)))
    let url = origin + "/oauth/request_token"
    let stamp = Stamp(
      nonce: try Nonce("n\(UInt64.random(in: 0 ... .max))"), timestamp: Int64(time(nil)))
    let header = try signer.authorization(
      for: SignableRequest(method: "POST", url: url),
      adding: [Parameter("oauth_callback", "oob")], stamp: stamp)
    return HTTPRequest(
      method: "POST", url: url, headers: [HTTPField("Authorization", header.value)])
  }

  @Test func `a signed request is answered`() async throws {
    try await withFakeX { server, client, origin in
      let answer = try await client.send(try requestToken(origin))
      #expect(answer.status == 200)
      #expect(answer.text.hasSuffix("oauth_callback_confirmed=true"))
      #expect(answer.header("Date")?.hasSuffix(" GMT") == true)
      #expect(answer.header("x-rate-limit-limit") == "15000")
      #expect(server.withPlatform { $0.calls } == [.requestToken: 1])
    }
  }

  @Test func `what is lost, refused, hung or late is told apart`() async throws {
    try await withFakeX { server, client, origin in
      let faults: [(Fault, HTTPClientError.Kind)] = [
        (.lost, .malformed), (.refused, .malformed), (.hung, .timeout),
        (.delayed(milliseconds: 5000), .timeout), (.huge(bytes: 70_000), .tooLarge),
        (try .bomb(bytes: 70_000_000), .tooLarge),
        (Fault(delivery: .trickled(milliseconds: 50), takesEffect: true), .timeout),
      ]
      for (fault, kind) in faults {
        server.withPlatform { $0.fail(.requestToken, fault) }
        let error = await client.failure(try requestToken(origin), timeout: .milliseconds(300))
        #expect(error?.kind == kind, "\(fault.delivery)")
        #expect(error?.mayHaveBeenSent == true)
      }
      // Nothing was sent a second time, whatever became of the first.
      #expect(server.withPlatform { $0.calls } == [.requestToken: faults.count])
    }
  }

  @Test func `errors, pages, redirects and short delays are answers`() async throws {
    try await withFakeX { server, client, origin in
      let error = try #require(XError.withCode(415))
      let faults: [(Fault, Int)] = [
        (Fault(.error(error, .xml)), 403), (.page, 200), (.garbage, 200),
        (.redirect(status: 307, to: "http://evil.example/"), 307),
        (.delayed(milliseconds: 20), 200),
      ]
      for (fault, status) in faults {
        server.withPlatform { $0.fail(.requestToken, fault) }
        #expect(try await client.send(try requestToken(origin)).status == status)
      }
    }
  }

  @Test func `a server that has stopped has freed its port`() async throws {
    let server = FakeX.Server()
    let port = try await server.start()
    await server.stop()
    _ = try await server.start(port: port)
    await server.stop()
  }
}
