import HTTP2
import ScriptedPeer
import Testing

struct SessionTests {
  /// One call with a body each way and trailers, cut as told; what both sides saw.
  private func call(pieces: Int, body: [UInt8]) throws -> (server: [Seen], client: [Seen]) {
    let client = Peer(.client)
    let server = Peer(.server)
    let key = try #require(client.open(Samples.request, endStream: false))
    client.session.sendData(body, endStream: true, on: key)
    exchange(client, server, pieces: pieces)
    let accepted = try #require(server.accepted.first)
    server.session.sendHeaders(Samples.response, endStream: false, on: accepted)
    server.session.sendData(body, endStream: false, on: accepted)
    server.session.sendTrailers(Samples.trailers, on: accepted)
    exchange(client, server, pieces: pieces)
    #expect(server.streamCount == 0 && client.streamCount == 0)
    return (server.seen, client.seen)
  }

  @Test func `a call means the same however its bytes are cut`() throws {
    let body = Array("hello, world".utf8)
    let whole = try call(pieces: .max, body: body)
    #expect(
      whole.server == [
        .headers(1, Samples.request, end: false), .data(1, body, end: true), .closed(1, .noError),
      ])
    #expect(
      whole.client == [
        .headers(1, Samples.response, end: false), .data(1, body, end: false),
        .trailers(1, Samples.trailers), .closed(1, .noError),
      ])
    for pieces in 1...64 {
      let cut = try call(pieces: pieces, body: body)
      #expect(cut == whole, "pieces of \(pieces)")
    }
  }

  @Test(arguments: [0, 1, 16_384, 16_385, 65_535, 65_536, 300_000])
  func `bodies of all sizes arrive whole`(_ size: Int) throws {
    let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let seen = try call(pieces: .max, body: body)
    let bodies = seen.client.compactMap {
      if case .data(_, let bytes, _) = $0 { bytes } else { nil }
    }
    #expect(bodies.flatMap { $0 } == body)
    #expect(seen.client.contains(.trailers(1, Samples.trailers)))
  }

  @Test func `a response can be trailers alone, or without a body`() throws {
    let client = Peer(.client)
    let server = Peer(.server)
    for _ in 0..<2 { _ = client.open(Samples.request, endStream: true) }
    exchange(client, server)
    server.session.sendHeaders(Samples.response, endStream: true, on: server.accepted[0])
    server.session.sendHeaders(Samples.response, endStream: false, on: server.accepted[1])
    server.session.sendTrailers(Samples.trailers, on: server.accepted[1])
    exchange(client, server)
    #expect(
      client.seen == [
        .headers(1, Samples.response, end: true), .closed(1, .noError),
        .headers(3, Samples.response, end: false), .trailers(3, Samples.trailers),
        .closed(3, .noError),
      ])
  }

  @Test func `a slow reader holds back its own stream and no other`() throws {
    let client = Peer(.client)
    let server = Peer(.server)
    server.consumes = false
    let slow = try #require(client.open(Samples.request, endStream: false))
    client.session.sendData([UInt8](repeating: 1, count: 200_000), endStream: true, on: slow)
    exchange(client, server)
    #expect(server.body(of: 1).count == 65_536)

    // Far more than the connection's window passes beside it.
    server.consumes = true
    for id in stride(from: Int32(3), to: 63, by: 2) {
      let key = try #require(client.open(Samples.request, endStream: false))
      client.session.sendData([UInt8](repeating: 2, count: 100_000), endStream: true, on: key)
      exchange(client, server)
      #expect(server.body(of: id).count == 100_000)
    }
    #expect(server.body(of: 1).count == 65_536)

    // Once it reads, the rest comes.
    server.session.consume(65_536, on: server.accepted[0])
    exchange(client, server)
    #expect(server.body(of: 1).count == 200_000)
  }

  @Test func `a sender of much is told to hold on, and when to go on`() throws {
    let client = Peer(.client)
    let server = Peer(.server)
    server.consumes = false
    let key = try #require(client.open(Samples.request, endStream: false))
    #expect(client.isWritable(key))
    client.session.sendData([UInt8](repeating: 1, count: 140_000), endStream: false, on: key)
    #expect(!client.isWritable(key))
    exchange(client, server)
    #expect(client.writable.isEmpty)
    server.session.consume(65_536, on: server.accepted[0])
    exchange(client, server)
    #expect(client.writable == [key])
    #expect(client.isWritable(key))
  }

  @Test func `a reset reaches the other side with its code, once`() throws {
    let client = Peer(.client)
    let server = Peer(.server)
    let key = try #require(client.open(Samples.request, endStream: false))
    exchange(client, server)
    client.session.reset(key, .cancel)
    client.session.reset(key, .internalError)
    exchange(client, server)
    #expect(server.seen.last == .closed(1, .cancel))
    #expect(client.seen == [.closed(1, .cancel)])
    // Too late for all of these.
    client.session.sendData([1], endStream: true, on: key)
    client.session.consume(1, on: key)
    server.session.sendHeaders(Samples.response, endStream: true, on: server.accepted[0])
    exchange(client, server)
    #expect(client.seen.count == 1 && server.frames.resets == 1)
  }

  @Test func `a place is reused without mixing up its streams`() throws {
    let client = Peer(.client)
    let server = Peer(.server)
    let old = try #require(client.open(Samples.request, endStream: false))
    client.session.sendData([1, 2, 3], endStream: false, on: old)
    client.session.reset(old, .cancel)
    exchange(client, server)
    let new = try #require(client.open(Samples.request, endStream: false))
    #expect(new.slot == old.slot && new.id != old.id)
    client.session.sendData([9], endStream: true, on: old)
    client.session.sendData([4], endStream: true, on: new)
    exchange(client, server)
    #expect(server.body(of: 3) == [4])
  }

  @Test func `more streams than allowed wait on the client`() throws {
    var limits = Limits()
    limits.concurrentStreams = 2
    let client = Peer(.client)
    let server = Peer(.server, limits: limits)
    exchange(client, server)
    for _ in 0..<5 { _ = client.open(Samples.request, endStream: true) }
    exchange(client, server)
    #expect(server.accepted.count == 2)
    for index in 0..<5 {
      server.session.sendHeaders(Samples.response, endStream: true, on: server.accepted[index])
      exchange(client, server)
    }
    #expect(client.streamCount == 0)
  }

  @Test func `a server that drains answers what has begun and refuses the rest`() throws {
    let client = Peer(.client)
    let server = Peer(.server)
    _ = client.open(Samples.request, endStream: true)
    exchange(client, server)
    server.session.announceShutdown()
    server.session.ping(7)
    exchange(client, server)
    #expect(client.seen == [.other("GOAWAY 2147483647 NO_ERROR")])
    #expect(server.seen.last == .other("PING 7"))
    server.session.drain()
    exchange(client, server)
    server.session.sendHeaders(Samples.response, endStream: true, on: server.accepted[0])
    exchange(client, server)
    #expect(client.seen.contains(.headers(1, Samples.response, end: true)))
    #expect(client.isFinished && server.isFinished)
  }

  @Test func `a request that a draining connection cannot carry is refused`() throws {
    let client = Peer(.client)
    let server = Peer(.server)
    _ = client.open(Samples.request, endStream: true)
    exchange(client, server)
    server.session.drain()
    _ = client.open(Samples.request, endStream: true)
    client.receive(server.output())
    exchange(client, server)
    #expect(client.seen.contains(.closed(3, .refusedStream)))
    #expect(!client.seen.contains(.closed(1, .refusedStream)))
  }

  @Test func `streams above the last one of a GOAWAY are refused, those below go on`() throws {
    let client = Peer(.client)
    let server = Peer(.server)
    for _ in 0..<3 { _ = client.open(Samples.request, endStream: true) }
    server.receive(client.output())
    client.receive(server.output() + Frame.raw(7, 0, 0, [0, 0, 0, 3, 0, 0, 0, 0]))
    #expect(client.seen.contains(.other("GOAWAY 3 NO_ERROR")))
    let closed = client.seen.filter { if case .closed = $0 { true } else { false } }
    #expect(closed == [.closed(5, .refusedStream)])
    for key in server.accepted {
      server.session.sendHeaders(Samples.response, endStream: true, on: key)
    }
    client.receive(server.output())
    #expect(client.seen.contains(.headers(1, Samples.response, end: true)))
    #expect(client.seen.contains(.headers(3, Samples.response, end: true)))
    #expect(!client.seen.contains(.headers(5, Samples.response, end: true)))
  }

  @Test func `a sensitive field stays sensitive on its way`() throws {
    let client = Peer(.client)
    let server = Peer(.server)
    var block = Samples.request
    block.append("authorization", "Bearer secret-secret", isSensitive: true)
    _ = client.open(block, endStream: true)
    exchange(client, server)
    #expect(server.seen.first == .headers(1, block, end: true))
    #expect(!block.description.contains("secret"))
  }
}
