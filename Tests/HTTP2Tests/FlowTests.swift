import HTTP2
import ScriptedPeer
import Testing

/// Checks T25 to T29 and T31: many streams, windows, and what comes after an error.
struct FlowTests {
  @Test(arguments: [101, 1000], [true, false])
  func `T25: streams beyond the hundredth are refused, and the hundred are served`(
    _ count: Int, _ isAcknowledged: Bool
  ) {
    let server = Peer(.server)
    let settings = ReceivedFrame.all(in: server.output())[0]
    #expect(settings.type == 4 && settings.payload.starts(with: [0, 3, 0, 0, 0, 100]))
    let requests = (0..<UInt32(count)).flatMap { Frame.headers(2 * $0 + 1) }
    let acknowledgement = isAcknowledged ? Frame.settings([], flags: Frame.acknowledgement) : []
    server.receive(Frame.preface + acknowledgement + requests)
    let refused = ReceivedFrame.all(in: server.output()).filter { $0.type == 3 }
    #expect(refused.map(\.stream) == (100..<UInt32(count)).map { 2 * $0 + 1 })
    #expect(refused.allSatisfy { $0.code == .refusedStream })
    #expect(server.accepted.count == 100 && server.failure == nil)

    for key in server.accepted {
      server.session.sendHeaders(Samples.response, endStream: true, on: key)
    }
    let answers = ReceivedFrame.all(in: server.output())
    #expect(answers.map(\.stream) == (0..<100).map { 2 * $0 + 1 })
    #expect(server.streamCount == 0)
    // There is room again.
    server.receive(Frame.headers(2 * UInt32(count) + 1))
    #expect(server.accepted.count == 101)
  }

  @Test func `T25: what follows a refused request in the same write is none`() {
    let server = Peer(.server)
    let requests = (0...100).flatMap { Frame.headers(2 * $0 + 1, Fields.upload, end: false) }
    let trailers = Frame.headers(201, Fields.literal("x-checksum", "1"))
    server.receive(Frame.preface + requests + Frame.data(201, [1]) + trailers)
    #expect(server.accepted.count == 100 && server.failure == nil)
    #expect(!server.seen.contains { if case .trailers = $0 { true } else { false } })
    let resets = ReceivedFrame.all(in: server.output()).filter { $0.type == 3 }
    #expect(resets.map(\.stream) == [201] && resets.map(\.code) == [.refusedStream])
  }

  @Test func `T26: one stream that nobody reads leaves ninety-nine others alone`() throws {
    let client = Peer(.client)
    let server = Peer(.server)
    server.consumes = false
    let body = [UInt8](repeating: 1, count: 100_000)
    let unread = try #require(client.open(Samples.request, endStream: false))
    client.session.sendData(body, endStream: true, on: unread)
    exchange(client, server)
    server.consumes = true
    for _ in 0..<99 {
      let key = try #require(client.open(Samples.request, endStream: false))
      client.session.sendData(body, endStream: true, on: key)
    }
    exchange(client, server)
    for key in server.accepted.dropFirst() {
      #expect(server.body(of: key.id.rawValue) == body)
      server.session.sendHeaders(Samples.response, endStream: true, on: key)
    }
    exchange(client, server)
    #expect(server.body(of: 1).count == 65_536 && client.streamCount == 1)
    #expect(server.session.receiveWindow == 1_048_576)
  }

  @Test func `T27: a thousand cancelled uploads leave the connection's window whole`() throws {
    let client = Peer(.client)
    let server = Peer(.server)
    server.consumes = false
    var windows: [Int] = []
    for number in 0..<1000 {
      server.now = Int64(number) * 50_000_000
      let key = try #require(client.open(Samples.request, endStream: false))
      client.session.sendData([UInt8](repeating: 1, count: 40_000), endStream: false, on: key)
      exchange(client, server)
      client.session.reset(key, .cancel)
      exchange(client, server)
      windows.append(min(server.session.receiveWindow, client.session.sendWindow))
    }
    #expect(server.accepted.count == 1000 && server.failure == nil && server.streamCount == 0)
    // It is given back by halves: after every fourteenth upload all of it is there again.
    #expect(windows.suffix(14).max() == 1_048_576)
  }

  @Test func `T28: a window changed in the middle lets exactly the body through`() {
    let body = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 3) }
    let server = Peer(.server)
    server.receive(Frame.preface + Frame.settings([(4, 3000)]) + Frame.headers(1))
    server.session.sendHeaders(Samples.response, endStream: false, on: server.accepted[0])
    server.session.sendData(body, endStream: true, on: server.accepted[0])
    var received: [UInt8] = []
    func step(_ frames: [UInt8]) -> Int {
      server.receive(frames)
      let data = ReceivedFrame.all(in: server.output()).filter { $0.type == 0 }
      received += data.flatMap(\.payload)
      return data.reduce(0) { $0 + $1.payload.count }
    }
    #expect(step([]) == 3000)
    #expect(step(Frame.settings([(4, 5000)])) == 2000)
    // Now 4,900 bytes below nothing.
    #expect(step(Frame.settings([(4, 100)])) == 0)
    #expect(step(Frame.windowUpdate(1, 4900)) == 0)
    #expect(step(Frame.windowUpdate(1, 1)) == 1)
    #expect(step(Frame.settings([(4, 65_535)])) == 4999)
    #expect(received == body && server.streamCount == 0)
  }

  @Test(arguments: [Frame.raw(6, 0, 0, [1]), Frame.headers(1, [0xFF, 0xFF]), Frame.data(1, [1])])
  func `T29: a malformed frame after an error of the connection changes nothing`(_ frame: [UInt8]) {
    for pieces in [1, .max] {
      let server = Peer(.server)
      server.receive(Frame.preface)
      server.receive(Frame.data(0, [1]) + frame + frame, pieces: pieces)
      server.receive(frame + Frame.headers(3), pieces: pieces)
      let goAways = ReceivedFrame.all(in: server.output()).filter { $0.type == 7 }
      #expect(goAways.map(\.code) == [.protocolError])
      #expect(server.accepted.isEmpty && server.isFinished)
    }
  }

  @Test func `T29: after a refusal by the budget nothing more is parsed`() {
    let server = Peer(.server)
    server.receive(Frame.preface + (0..<9).flatMap { _ in Frame.ping() } + Frame.headers(1, [0xFF]))
    #expect(server.failure == .excess(.pings))
    do throws(HTTP2Error) { try server.session.receive(Frame.headers(1).span) } catch {
      Issue.record("\(error)")
    }
    _ = server.output()
    #expect(server.accepted.isEmpty && server.isFinished)
  }

  @Test(arguments: ["user@host", "a\0b", "a\rb", "a\nb", "a b"])
  func `T31: an authority that is none is malformed`(_ authority: String) {
    let block = Fields.get + Fields.http + Fields.path + Fields.literal(":authority", authority)
    let server = Peer(.server)
    server.receive(Frame.preface + Frame.headers(1, block))
    let resets = ReceivedFrame.all(in: server.output()).filter { $0.type == 3 }
    #expect(resets.map(\.code) == [.protocolError])
    #expect(server.accepted.isEmpty && server.failure == nil)
  }
}
