import HTTP2
import ScriptedPeer
import Testing

/// Where the check of a client's stream numbers ends: it must accuse nobody falsely.
struct StreamOrderTests {
  private func isAlive(_ server: Peer) -> Bool {
    server.receive(Frame.ping())
    let answers = ReceivedFrame.all(in: server.output())
    return server.failure == nil && answers.contains { $0.type == 6 }
      && !answers.contains { $0.type == 7 }
  }

  @Test func `a body and trailers that cross our reset are no mistake`() {
    let server = Peer(.server)
    server.receive(Frame.preface + Frame.headers(1, Fields.upload, end: false))
    server.session.reset(server.accepted[0], .cancel)
    _ = server.output()
    server.receive(Frame.data(1, [1]) + Frame.headers(1, Fields.literal("x-check", "1")))
    #expect(isAlive(server))
    // But a stream that its sender has ended it cannot end again.
    server.receive(Frame.data(1, end: true))
    #expect(server.failure == .mistake(.streamClosed))
  }

  @Test func `the body of a stream that was refused in the same write is no mistake`() {
    let server = Peer(.server)
    let streams = (0...100).map { 2 * UInt32($0) + 1 }
    server.receive(Frame.preface + streams.flatMap { Frame.headers($0, end: false) })
    server.receive(Frame.data(201, [1]) + Frame.data(201, end: true))
    #expect(isAlive(server) && server.accepted.count == 100)
  }

  @Test func `a reset after the end of a request is no mistake`() {
    let server = Peer(.server)
    server.receive(Frame.preface + Frame.headers(1) + Frame.reset(1) + Frame.windowUpdate(1, 1))
    #expect(isAlive(server))
  }

  @Test(arguments: [(3, true), (509, true), (511, false), (100_001, false)])
  func `a number that was skipped is refused for as long as it is remembered`(
    _ distance: UInt32, _ isRemembered: Bool
  ) {
    let server = Peer(.server)
    let last = 2 * distance + 1
    server.receive(Frame.preface + Frame.headers(last) + Frame.headers(last - distance - 1))
    #expect(server.failure == (isRemembered ? .mistake(.protocolError) : nil))
    // What was understood before still counts.
    #expect(server.accepted.map(\.id.rawValue) == [Int32(last)])
  }

  @Test func `places of the memory are used again`() {
    let server = Peer(.server)
    server.receive(Frame.preface)
    for number in 0..<UInt32(2000) {
      server.receive(Frame.headers(2 * number + 1))
      server.session.sendHeaders(
        Samples.response, endStream: true, on: server.accepted[Int(number)])
      _ = server.output()
    }
    #expect(server.failure == nil && server.streamCount == 0)
    server.receive(Frame.headers(3998 - 41))
    #expect(server.failure == .mistake(.streamClosed))
  }
}
