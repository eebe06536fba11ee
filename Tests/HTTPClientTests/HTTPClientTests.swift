import Dispatch
import HTTPClient
import Net
import Testing

@Suite(.timeLimit(.minutes(1))) struct Exchanges {
  private let servers: Servers
  private let plain: String

  init() throws {
    servers = try Servers.shared.get()
    plain = servers.origin("plain")
  }

  @Test func `a request arrives with exactly what was given`() async throws {
    let answer = try await withClient(plain) { client in
      try await client.send(
        HTTPRequest(
          method: "POST", url: plain + "/echo?a=%2f&b=/../c",
          headers: [HTTPField("Authorization", "OAuth a=\"b\""), HTTPField("X-Empty", "")],
          body: Array("x=1".utf8)))
    }
    #expect(answer.status == 200)
    let lines = answer.text.split(separator: "\r\n", omittingEmptySubsequences: false)
    #expect(lines.first == "POST /echo?a=%2f&b=/../c HTTP/1.1")
    #expect(
      Set(lines.dropFirst()) == [
        "Host: \(plain.dropFirst(7))", "Authorization: OAuth a=\"b\"", "X-Empty:",
        "Content-Length: 3", "", "x=1",
      ])
  }

  @Test(arguments: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
  func `every method is sent as it is named`(_ method: String) async throws {
    let answer = try await withClient(plain) { client in
      try await client.send(HTTPRequest(method: method, url: plain + "/echo"))
    }
    #expect(answer.status == 200)
    #expect(method == "HEAD" || answer.text.hasPrefix("\(method) /echo HTTP/1.1\r\n"))
  }

  @Test(arguments: [301, 302, 303, 307, 308])
  func `a redirect is an answer and is not followed`(_ status: Int) async throws {
    let answer = try await withClient(plain) { client in
      try await client.get(plain + "/redirect/\(status)")
    }
    #expect(answer.status == status)
    #expect(answer.header("location") == "/echo")
  }

  @Test func `fields are trimmed, and those of interim answers forgotten`() async throws {
    try await withClient(plain) { client in
      let answer = try await client.get(plain + "/empty-header")
      #expect(answer.header("x-empty") == "")
      #expect(answer.header("X-Blank") == "a b")
      let hinted = try await client.get(plain + "/interim")
      #expect(hinted.status == 200)
      #expect(hinted.header("link") == nil)
      #expect(hinted.text == "ok")
    }
  }

  @Test func `an answer as long as the limit is taken, and a compressed one as it is`()
    async throws
  {
    try await withClient(plain) { client in
      #expect(try await client.get(plain + "/limit").body.count == 65_536)
      let bomb = try await client.get(plain + "/bomb")
      #expect(bomb.header("content-encoding") == "gzip")
      #expect(bomb.body.starts(with: [31, 139]))
    }
  }

  @Test func `a configured proxy is asked, and the one of the environment is not`() async throws {
    // `Servers` has set `all_proxy` to a port that nobody listens on.
    let proxy = servers.origin("proxy")
    let answer = try await withClient(plain) { configuration in
      configuration.proxy = proxy
    } body: { client in
      try await client.get(plain + "/through?a=b")
    }
    #expect(answer.text.hasPrefix("GET \(plain)/through?a=b HTTP/1.1\r\n"))
  }

  @Test func `nothing that prints a request or an answer shows its secrets`() {
    let request = HTTPRequest(
      method: "POST", url: "https://api.x.com/a?s3cret",
      headers: [HTTPField("Authorization", "s3cret")], body: Array("s3cret".utf8))
    let answer = HTTPResponse(
      status: 200, headers: request.headers, body: Array("s3cret".utf8))
    var dumped = ""
    dump(request, to: &dumped)
    dump(answer, to: &dumped)
    dump(request.headers, to: &dumped)
    #expect(!"\(request) \(answer) \(request.headers) \(dumped)".contains("s3cret"))
    #expect(!String(reflecting: request).contains("s3cret"))
    #expect("\(request)" == "POST https://api.x.com/a")
    #expect("\(answer)" == "200, 6 bytes")
  }

  @Test func `many exchanges run at the same time on one loop`() async throws {
    try await withClient(plain) { client in
      let answers = try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<100 { group.addTask { try await client.get(plain + "/limit").body.count } }
        return try await group.reduce(0, +)
      }
      #expect(answers == 6_553_600)
    }
  }
}

@Suite(.timeLimit(.minutes(1))) struct Misbehaviour {
  private let plain: String

  init() throws { plain = try Servers.shared.get().origin("plain") }

  /// T106: what the server does, and what that is to us.
  private static let cases: [(path: String, kind: HTTPClientError.Kind)] = [
    ("/over", .tooLarge), ("/endless", .tooLarge), ("/headers", .tooLarge),
    ("/interims", .tooLarge), ("/garbage", .malformed), ("/chunks", .malformed),
    ("/short", .malformed), ("/reset", .malformed), ("/close", .malformed),
    ("/silence", .timeout), ("/slow", .timeout),
  ]

  @Test(arguments: cases.indices)
  func `a bad answer is an error that says the request was sent`(_ index: Int) async throws {
    let (path, kind) = Self.cases[index]
    let error = try await withClient(plain) { client in
      await client.failure(
        HTTPRequest(method: "POST", url: plain + path), timeout: .milliseconds(400))
    }
    #expect(error?.kind == kind, "\(path): \(String(describing: error))")
    #expect(error?.mayHaveBeenSent == true, "\(path)")
  }

  @Test func `a port that nobody listens on is a connection error, and nothing was sent`()
    async throws
  {
    let error = try await withClient("http://127.0.0.1:1") { client in
      await client.failure(HTTPRequest(method: "GET", url: "http://127.0.0.1:1/"))
    }
    #expect(error?.kind == .connect)
    #expect(error?.mayHaveBeenSent == false)
  }

  @Test func `no time left is a time-out before anything happens`() async throws {
    let error = try await withClient(plain) { client in
      await client.failure(HTTPRequest(method: "GET", url: plain + "/echo"), timeout: .zero)
    }
    #expect(error?.kind == .timeout)
    #expect(error?.mayHaveBeenSent == false)
  }

  @Test func `a cancelled task ends its exchange, whenever it is cancelled`() async throws {
    try await withClient(plain) { client in
      for turns in [0, 1, 10, 1000] {
        let task = Task {
          await client.failure(HTTPRequest(method: "GET", url: plain + "/silence"))
        }
        for _ in 0..<turns { await Task.yield() }
        task.cancel()
        #expect(await task.value?.kind == .cancelled)
      }
    }
  }

  @Test func `shutting down fails what is under way and what comes later`() async throws {
    try await withClient(plain) { client in
      async let pending = client.failure(HTTPRequest(method: "GET", url: plain + "/silence"))
      try await untilCounted("/silence", by: client)
      await client.shutdown()
      #expect(await pending?.kind == .unavailable)
      let late = await client.failure(HTTPRequest(method: "GET", url: plain + "/echo"))
      #expect(late?.kind == .unavailable)
    }
  }

  @Test func `the end of the loop fails what is under way`() async throws {
    let loop = try EventLoop()
    let client = HTTPClient(loop: loop, configuration: .init(origins: [try Origin(plain)]))
    async let pending = client.failure(HTTPRequest(method: "GET", url: plain + "/silence"))
    try await untilCounted("/silence", by: client)
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        loop.shutdown()
        continuation.resume()
      }
    }
    #expect(await pending?.kind == .unavailable)
    let late = await client.failure(HTTPRequest(method: "GET", url: plain + "/echo"))
    #expect(late?.kind == .unavailable)
  }

  @Test func `a client of a loop that has ended fails at once`() async throws {
    let loop = try EventLoop()
    loop.shutdown()
    let client = HTTPClient(loop: loop, configuration: .init(origins: [try Origin(plain)]))
    let error = await client.failure(HTTPRequest(method: "GET", url: plain + "/echo"))
    #expect(error?.kind == .unavailable)
    await client.shutdown()
  }

  @Test func `a host that is unknown is a connection error`() async throws {
    let error = try await withClient("https://nowhere.invalid") { client in
      await client.failure(HTTPRequest(method: "GET", url: "https://nowhere.invalid/"))
    }
    #expect(error?.kind == .connect, "\(String(describing: error))")
    #expect(error?.mayHaveBeenSent == false)
  }

  /// Asks the server until it has seen a request for `path`.
  private func untilCounted(_ path: String, by client: HTTPClient) async throws {
    while try await !client.get(plain + "/count").text.contains("\"\(path)\"") {}
  }
}

@Suite(.timeLimit(.minutes(1))) struct Reuse {
  private let kept: String

  init() throws { kept = try Servers.shared.get().origin("kept") }

  @Test func `a repeatable request uses a connection that is open already`() async throws {
    try await withClient(kept) { client in
      let first = try await client.get(kept + "/a").text
      #expect(try await client.get(kept + "/b").text == first)
    }
  }

  @Test func `any other has a connection of its own`() async throws {
    try await withClient(kept) { client in
      let first = try await client.get(kept + "/a").text
      let post = HTTPRequest(method: "POST", url: kept + "/b")
      let second = try await client.send(post).text
      #expect(second != first)
      #expect(try await client.send(post).text != second)
    }
  }

  @Test func `a connection that died is replaced without a word`() async throws {
    try await withClient(kept) { client in
      _ = try await client.get(kept + "/a")
      // The server hangs up the first time, on the connection that was open.
      #expect(try await client.get(kept + "/last").status == 200)
    }
  }
}
