import Foundation
import HTTP2
import Linux
import Net
import RPC
import RPCNet
import ScriptedPeer
import Synchronization
import TestAPI
import Testing

/// A channel and the servers behind it, as they come and go.
struct ChannelTests {
  private static let success = Script { $0.succeed() }

  private func call(_ channel: RPCChannel, waits: Bool = false) async -> StatusCode {
    var options = CallOptions(timeout: .seconds(60))
    options.waitsForReady = waits
    return await code { () throws(RPCError) in
      _ = try await TestServiceClient(channel).emptyCall(Empty(), options: options)
    }
  }

  /// Waits that a test can wait for.
  private func quickly(_ configuration: inout RPCChannel.Configuration) {
    configuration.backoff.first = .milliseconds(10)
    configuration.backoff.longest = .milliseconds(50)
    configuration.resolutionInterval = .milliseconds(10)
  }

  /// A path on which nobody listens yet.
  private func deadAddress() -> SocketAddress {
    .unix(path: NSTemporaryDirectory() + "/linkd-\(UInt64.random(in: 0 ... .max)).sock")
  }

  private func expect(
    _ expected: Connectivity?, _ states: inout AsyncStream<Connectivity>.AsyncIterator?,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async {
    let state = await states?.next(isolation: #isolation)
    #expect(state == expected, sourceLocation: sourceLocation)
  }

  @Test func `a channel shows how it stands`() async throws {
    var channel: RPCChannel?
    let loop = try EventLoop(name: "client")
    defer { loop.shutdown() }
    var states: AsyncStream<Connectivity>.AsyncIterator?
    try await Self.success.serve { address in
      var configuration = RPCChannel.Configuration(server: .addresses([address]))
      quickly(&configuration)
      let new = RPCChannel(configuration, on: loop)
      channel = new
      states = new.connectivity.makeAsyncIterator()
      await expect(.idle, &states)
      #expect(await call(new) == .ok)
      await expect(.connecting, &states)
      await expect(.ready, &states)
    }
    // The server is gone, and nobody asks for another connection.
    await expect(.idle, &states)
    channel?.connect()
    await expect(.connecting, &states)
    await expect(.transientFailure, &states)
    // The wait is over, and still nobody asks.
    await expect(.idle, &states)
    await channel?.shutDown()
    await expect(.shutdown, &states)
    await expect(nil, &states)
  }

  @Test func `calls that wait for a server outlast it, the others fail at once`() async throws {
    let address = deadAddress()
    try await withChannel(to: .addresses([address]), quickly) { channel in
      #expect(await call(channel) == .unavailable)
      var options = CallOptions(timeout: .milliseconds(50))
      options.waitsForReady = true
      let end = await code { [options] () throws(RPCError) in
        _ = try await TestServiceClient(channel).emptyCall(Empty(), options: options)
      }
      #expect(end == .deadlineExceeded)
      let waiting = Task { await call(channel, waits: true) }
      try await Self.success.serve(on: address) { _ in
        #expect(await waiting.value == .ok)
      }
    }
  }

  @Test func `the first address that answers is used`() async throws {
    // Connects, for the kernel does that, and says nothing ever after.
    let silent = try Socket.listening(on: .ipv4(host: "127.0.0.1", port: 0), backlog: 10)
    let dead = deadAddress()
    try await Self.success.serve { address in
      for list in [[dead, address], [try silent.localAddress(), address], [address, dead]] {
        try await withChannel(to: .addresses(list), quickly) { channel in
          #expect(await call(channel) == .ok)
        }
      }
    }
  }

  @Test func `calls go round over all addresses that answer`() async throws {
    let scripts = (0..<3).map { _ in Script { $0.succeed() } }
    try await scripts[0].serve { first in
      try await scripts[1].serve { second in
        try await scripts[2].serve { third in
          let server = ServerName.addresses([first, deadAddress(), second, third])
          try await withChannel(to: server, roundRobin) { channel in
            // Connections are made beside each other: calls go to all once all are there.
            while scripts.contains(where: { $0.requests == 0 }) {
              #expect(await call(channel) == .ok)
            }
            let before = scripts.map(\.requests)
            for _ in 0..<30 { #expect(await call(channel) == .ok) }
            #expect(zip(scripts, before).allSatisfy { $0.requests - $1 == 10 })
          }
        }
      }
    }
  }

  private func roundRobin(_ configuration: inout RPCChannel.Configuration) {
    quickly(&configuration)
    configuration.balancing = .roundRobin
  }

  @Test func `a name is resolved again when its addresses no longer answer`() async throws {
    let current = Mutex<Result<SocketAddress, NetError>>(
      .failure(.unresolvable(host: "a.test", reason: "not yet")))
    func configure(_ configuration: inout RPCChannel.Configuration) {
      quickly(&configuration)
      configuration.lookup = { host, port throws(NetError) in
        #expect(host == "a.test" && port == 7)
        return [try current.withLock(\.self).get()]
      }
    }
    try await withChannel(to: .host("a.test", port: 7), configure) { channel in
      #expect(await call(channel) == .unavailable)
      let waiting = Task { await call(channel, waits: true) }
      for turn in 0..<3 {
        try await Self.success.serve { address in
          current.withLock { $0 = .success(address) }
          if turn == 0 { #expect(await waiting.value == .ok) }
          #expect(await call(channel, waits: true) == .ok)
        }
      }
    }
  }

  @Test func `a server is reached at a path`() async throws {
    try await Self.success.serve(on: deadAddress()) { address in
      try await withChannel(to: try ServerName("\(address)"), quickly) { channel in
        #expect(await call(channel) == .ok)
      }
    }
  }

  @Test func `calls beyond what a server allows wait, and go to the next connection if it ends`()
    async throws
  {
    // Every connection serves one call.
    let script = Script { request in
      request.succeed()
      request.stream.connection.shutDown(grace: .seconds(60))
    }
    try await script.serve(http2: { $0.concurrentStreams = 1 }) { address in
      try await withChannel(to: .addresses([address]), quickly) { channel in
        let codes = await withTaskGroup(of: StatusCode.self) { group in
          for _ in 0..<50 { group.addTask { await call(channel) } }
          return await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        }
        #expect(codes == [.ok: 50])
      }
    }
  }

  @Test func `a server that hangs up at once is not dialled without end`() async throws {
    let script = Script { $0.stream.connection.close() }
    try await script.serve { address in
      try await withChannel(to: .addresses([address]), { $0.backoff.first = .seconds(1000) }) {
        channel in
        for _ in 0..<10 { #expect(await call(channel) == .unavailable) }
      }
    }
    #expect(script.requests == 2)
  }

  @Test func `a loop that ends takes the calls along that wait`() async throws {
    let loop = try EventLoop(name: "client")
    let channel = RPCChannel(.init(server: .addresses([deadAddress()])), on: loop)
    #expect(await call(channel) == .unavailable)
    let waiting = Task { await call(channel, waits: true) }
    // The call is on the loop before its end is.
    await Task.yield()
    await withCheckedContinuation { continuation in
      _ = try? Thread(name: "end") {
        loop.shutdown()
        continuation.resume()
      }
    }
    #expect(await waiting.value == .unavailable)
    #expect(await call(channel) == .unavailable)
  }

  @Test func `a silent server is asked for life, and given up if it does not answer`()
    async throws
  {
    var keepalive = RPCChannel.Keepalive(interval: .milliseconds(20))
    keepalive.timeout = .milliseconds(50)
    try await withScriptedServer(keepalive: keepalive) { peer, _ in
      _ = try await peer.expectMessage(1)
      _ = try await peer.expect(.ping)
      #expect(try await peer.next() == nil)
    } _: { channel in
      #expect(await call(channel) == .unavailable)
    }
  }

  @Test func `a server that is asked for life too often is asked half as often`() async throws {
    var keepalive = RPCChannel.Keepalive(interval: .milliseconds(20))
    keepalive.withoutCalls = true
    let (ended, end) = AsyncStream.makeStream(of: Void.self)
    try await withScriptedServer(keepalive: keepalive) { peer, number in
      _ = try await peer.expectMessage(1)
      try await peer.send(Frame.response(1))
      let last = ContinuousClock.now
      _ = try await peer.expect(.ping)
      #expect(ContinuousClock.now - last >= .milliseconds(20 << number))
      let code = ErrorCode.enhanceYourCalm.rawValue
      try await peer.send(Frame.goAway(code, last: 1, text: "too_many_pings"))
      try await peer.expectEnd()
      end.yield()
    } _: { channel in
      var ends = ended.makeAsyncIterator()
      for _ in 0..<4 {
        #expect(await call(channel) == .ok)
        await ends.next(isolation: #isolation)
      }
    }
  }
}
