import HTTP2
import Linux
import Net
import OpenSSL
import RPCNet
import ScriptedPeer
import Testing

/// The whole server: sockets, loop, TLS and time.
struct WholeServerTests {
  private static let opening = Frame.preface + Frame.settings([], flags: Frame.acknowledgement)

  @Test(arguments: [false, true])
  func `T1: all rules hold over a socket`(_ isSecure: Bool) async throws {
    try await WireServer.with(tls: isSecure ? WireCertificate.server() : nil) { server in
      for rule in ConformanceTests.cases {
        let wire = try Wire(port: server.port, tls: isSecure ? WireCertificate.client() : nil)
        #expect(rule.complaint(over: wire) == nil, "\(rule.id) \(rule.rule)")
      }
    }
  }

  /// What strangers' suites speak to: a server of gRPC, which they ask for `/`.
  @Test(arguments: [false, true])
  func `T1: all rules hold for gRPC's server, too`(_ isSecure: Bool) async throws {
    let group = try EventLoopGroup(count: 1)
    defer { group.shutdown() }
    let configuration = RPCServer.Configuration(
      address: .ipv4(host: "127.0.0.1", port: 0), tls: isSecure ? try WireCertificate.server() : nil
    )
    let server = try await RPCServer.start(on: group, configuration, services: [])
    let result = await onThread { [port = server.address.port ?? 0] in
      for rule in ConformanceTests.cases {
        let wire = try Wire(port: port, tls: isSecure ? WireCertificate.client() : nil)
        let complaint = rule.complaint(
          over: wire, answer: Array("calls of gRPC, gRPC-Web and Connect only\n".utf8))
        #expect(complaint == nil, "\(rule.id) \(rule.rule)")
      }
    }
    await server.shutDown(grace: .zero)
    try result.get()
  }

  @Test(arguments: [
    Array("GET / HTTP/1.1\r\nHost: test\r\n\r\n".utf8),
    // The start of a ClientHello.
    [0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3] + [UInt8](repeating: 7, count: 32),
    (0..<65_536).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3 &+ $0) },
  ])
  func `T30: another protocol is sent away at once`(_ bytes: [UInt8]) async throws {
    let reasons = try await WireServer.with { server in
      let wire = try Wire(port: server.port)
      wire.write(bytes)
      let start = ContinuousClock.now
      wire.readToEnd()
      // Long before a peer that says nothing would be.
      #expect(ContinuousClock.now - start < .seconds(5))
      #expect(wire.frames.last?.code == .protocolError)
    }
    #expect(reasons == ["bad_preface"])
  }

  @Test func `T30: a preface in twenty-four writes is one`() async throws {
    try await WireServer.with { server in
      let wire = try Wire(port: server.port)
      for byte in Frame.preface { wire.write([byte]) }
      wire.write(Frame.headers(1))
      #expect(wire.read { $0.type == 0 && $0.payload == AnsweringServer.body })
    }
  }

  @Test(arguments: [
    ("h2", true), ("h2,http/1.1", true), ("http/1.1,h2", true), ("http/1.1", false), ("h3", false),
    ("", false),
  ])
  func `T58: only a client that offers h2 gets a connection`(
    _ offer: String, _ isAccepted: Bool
  ) async throws {
    try await WireServer.with(tls: WireCertificate.server()) { server in
      let arguments = ["s_client", "-connect", "127.0.0.1:\(server.port)"]
      let (status, text) = try WireCertificate.openssl(
        arguments + (offer.isEmpty ? [] : ["-alpn", offer]))
      #expect((status == 0) == isAccepted, "\(text)")
      #expect(text.contains("ALPN protocol: h2") == isAccepted)
      // The alert has its own name for it.
      #expect(text.contains("no application protocol") != isAccepted, "\(text)")
    }
  }

  @Test(arguments: [
    (["-tls1_3"], true), (["-tls1_2"], true),
    (["-tls1_2", "-servername", "some.where.example"], true),
    // The client's own security level would keep it from trying.
    (["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"], false),
    (["-tls1", "-cipher", "DEFAULT@SECLEVEL=0"], false),
  ])
  func `T58: TLS is 1.2 or newer, whatever name is asked for`(
    _ options: [String], _ isAccepted: Bool
  ) async throws {
    try await WireServer.with(tls: WireCertificate.server()) { server in
      let (status, text) = try WireCertificate.openssl(
        ["s_client", "-connect", "127.0.0.1:\(server.port)", "-alpn", "h2"] + options)
      #expect((status == 0) == isAccepted, "\(text)")
      #expect(text.contains("ALPN protocol: h2") == isAccepted, "\(text)")
      #expect(text.contains("alert protocol version") != isAccepted, "\(text)")
    }
  }

  @Test func `T58: a ticket is good for another connection`() async throws {
    let file = WireCertificate.directory + "/session.pem"
    try await WireServer.with(tls: WireCertificate.server()) { server in
      let arguments = [
        "s_client", "-connect", "127.0.0.1:\(server.port)", "-alpn", "h2", "-tls1_2",
      ]
      let (_, first) = try WireCertificate.openssl(arguments + ["-sess_out", file])
      #expect(first.contains("New, TLSv1.2"), "\(first)")
      let (_, second) = try WireCertificate.openssl(arguments + ["-sess_in", file])
      #expect(second.contains("Reused, TLSv1.2"), "\(second)")
    }
  }

  @Test func `T4: an attacker is told why, and counted once`() async throws {
    let reasons = try await WireServer.script { _, peer in
      for number in 0..<UInt32(201) {
        try await peer.send(Frame.headers(2 * number + 1), Frame.reset(2 * number + 1))
      }
      let frames = try await peer.read()
      let goAways = frames.filter { $0.type == 7 }
      #expect(goAways.map(\.code) == [.noError, .enhanceYourCalm])
      #expect(goAways.allSatisfy { $0.debugText == "too_many_resets" })
    }
    #expect(reasons == ["too_many_resets"])
  }

  @Test func `T51: one whose calls were too many to withdraw has the answers to the others`()
    async throws
  {
    let reasons = try await WireServer.script { _, peer in
      try await peer.send(Frame.headers(1, Fields.upload, end: false))
      for number in 1...UInt32(300) {
        try await peer.send(Frame.headers(2 * number + 1, Fields.upload, end: false))
        try await peer.send(Frame.reset(2 * number + 1))
      }
      #expect(try await peer.expect(.goAway).code == .noError)
      try await peer.send(Frame.data(1, [1], end: true))
      let frames = try await peer.read()
      let answer = frames.filter { $0.type == 0 && $0.stream == 1 }
      #expect(answer.flatMap(\.payload) == AnsweringServer.body && answer.last?.flags == 1)
      // What came between is to be made again elsewhere, and nothing else was answered.
      #expect(frames.allSatisfy { $0.stream <= 1 || $0.code == .refusedStream })
      #expect(frames.last?.code == .enhanceYourCalm)
    }
    #expect(reasons == ["too_many_resets"])
  }

  @Test func `T34: a server that stops says so twice and serves what it took`() async throws {
    let reasons = try await WireServer.script { server, peer in
      try await peer.send(Frame.headers(1, Fields.upload, end: false))
      _ = try await peer.roundTrip()
      server.beginShutDown()
      let ping = try await peer.expect(.ping)
      #expect(try await peer.expect(.goAway).payload.prefix(4) == [0x7F, 0xFF, 0xFF, 0xFF])
      // Under way when the news came: it is still taken.
      try await peer.send(
        Frame.headers(3), Frame.ping(ping.payload, flags: Frame.acknowledgement))
      let frames = try await peer.read { frames in
        frames.contains { $0.type == 7 } && frames.contains { $0.type == 0 && $0.endsStream }
      }
      #expect(frames.contains { $0.type == 7 && $0.payload.prefix(4) == [0, 0, 0, 3] })
      #expect(frames.contains { $0.type == 0 && $0.stream == 3 })
      // Too late for this one; the first two are answered.
      try await peer.send(Frame.headers(5), Frame.data(1, [1], end: true))
      #expect(try await peer.expectMessage(1).body == AnsweringServer.body)
      #expect(try await peer.next() == nil)
    }
    #expect(reasons.isEmpty)
  }
}

extension ConformanceCase {
  /// What is wrong with how a server on a socket took this; nil if nothing is.
  func complaint(over wire: Wire, answer: [UInt8] = AnsweringServer.body) -> String? {
    if !isRaw { wire.write(Frame.preface) }
    for (number, flight) in flights.enumerated() {
      wire.write(flight)
      if case .connectionError = outcome { continue }
      wire.synchronize([UInt8(number)] + Array("flight?".utf8))
    }
    if case .connectionError = outcome {
      wire.readToEnd()
    } else {
      wire.synchronize(Self.probe)
    }
    return complaint(about: wire.frames, answer: answer)
  }
}
