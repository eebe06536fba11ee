import Foundation
import Linux
import Net
import RPC
import RPCNet
import Synchronization
import TestAPI
import Testing

/// Servers that are started again while calls go on: none of them fails.
struct RestartTests {
  /// How often every server is started again.
  var rounds = 5

  /// Something that is so from some moment on.
  private final class Flag: Sendable {
    private let state = Atomic(false)
    var isUp: Bool { state.load(ordering: .relaxed) }
    func raise() { state.store(true, ordering: .relaxed) }
  }

  /// Answers, and tells once it has.
  private final class Answering: RPC.Service {
    let hasAnswered = Flag()

    func register(in router: inout Router) {
      router.unary(TestServiceMethods.emptyCall) { [self] request, _ in
        hasAnswered.raise()
        return request
      }
    }

    func waitUntilReached() async {
      while !hasAnswered.isUp { await Task.yield() }
    }
  }

  private func path() -> SocketAddress {
    .unix(path: NSTemporaryDirectory() + "/linkd-\(UInt64.random(in: 0 ... .max)).sock")
  }

  private func start(
    on group: EventLoopGroup, _ address: SocketAddress, _ service: Answering = Answering()
  ) async throws -> RPCServer {
    try await RPCServer.start(
      on: group, RPCServer.Configuration(address: address), services: [service])
  }

  /// Makes calls from eight tasks until it is told to stop; returns how often they ended how.
  private func load(
    _ channel: RPCChannel, waits: Bool, until isOver: @escaping @Sendable () -> Bool
  ) async -> [StatusCode: Int] {
    await withTaskGroup(of: [StatusCode: Int].self) { group in
      for _ in 0..<8 {
        group.addTask {
          var codes: [StatusCode: Int] = [:]
          while !isOver() {
            var options = CallOptions(timeout: .seconds(60))
            options.waitsForReady = waits
            let end = await code { [options] () throws(RPCError) in
              _ = try await TestServiceClient(channel).emptyCall(Empty(), options: options)
            }
            codes[end, default: 0] += 1
          }
          return codes
        }
      }
      return await group.reduce(into: [:]) { $0.merge($1) { $0 + $1 } }
    }
  }

  /// Starts `count` servers, and each of them again and again, one at a time, under load.
  private func restart(
    _ count: Int, waits: Bool, _ configure: @escaping (inout RPCChannel.Configuration) -> Void
  ) async throws -> [StatusCode: Int] {
    let group = try EventLoopGroup(count: 1)
    defer { group.shutdown() }
    let addresses = (0..<count).map { _ in path() }
    var servers: [RPCServer] = []
    for address in addresses { servers.append(try await start(on: group, address)) }
    let isOver = Flag()
    let codes = try await withChannel(to: .addresses(addresses), configure) { channel in
      let load = Task {
        await self.load(channel, waits: waits) { isOver.isUp }
      }
      for _ in 0..<rounds {
        for index in 0..<count {
          await servers[index].shutDown(grace: .seconds(60))
          let service = Answering()
          servers[index] = try await start(on: group, addresses[index], service)
          // Before the next one goes.
          await service.waitUntilReached()
        }
      }
      isOver.raise()
      return await load.value
    }
    for server in servers { await server.shutDown(grace: .zero) }
    return codes
  }

  @Test(.timeLimit(.minutes(5)))
  func `no call fails while two servers are started again in turn`() async throws {
    let codes = try await restart(2, waits: false) {
      $0.balancing = .roundRobin
      $0.backoff.first = .milliseconds(10)
    }
    #expect(Set(codes.keys) == [.ok], "\(codes)")
  }

  @Test(.timeLimit(.minutes(5)))
  func `no call fails that waits while its only server is started again`() async throws {
    let codes = try await restart(1, waits: true) { $0.backoff.first = .milliseconds(10) }
    #expect(Set(codes.keys) == [.ok], "\(codes)")
  }
}

/// The same for longer: `tools/test --long`.
@Suite(
  .serialized,
  .enabled(if: ProcessInfo.processInfo.environment["LINKD_LONG"] != nil, "tools/test --long"))
struct RestartLongRuns {
  @Test(.timeLimit(.minutes(10)))
  func `no call fails while two servers are started again fifty times each`() async throws {
    try await RestartTests(rounds: 50)
      .`no call fails while two servers are started again in turn`()
  }

  @Test(.timeLimit(.minutes(10)))
  func `no call fails that waits while its only server is started again fifty times`()
    async throws
  {
    try await RestartTests(rounds: 50)
      .`no call fails that waits while its only server is started again`()
  }
}
