import Interop
import Linux
import Net
import RPC
import RPCNet
import TestAPI
import Testing

/// Channels and servers that no socket joins.
struct MemoryNetworkTests {
  private func reply(of size: Int, through channel: RPCChannel) async throws -> Int? {
    var request = SimpleRequest()
    request.payload = Payload()
    request.payload?.body = [UInt8](repeating: 1, count: size)
    request.responseSize = Int32(size)
    return try await TestServiceClient(channel).unaryCall(request).payload?.body.count
  }

  @Test(arguments: [(1, 1000), (7, 10_000), (.max, 1 << 20)], [Transport.plaintext, .tls])
  func `T3 calls are the same however their bytes are cut`(
    _ cut: (piece: Int, size: Int), _ transport: Transport
  ) async throws {
    let network = MemoryNetwork(piece: cut.piece)
    let tls = try transport.server()
    try await withServer(
      [TestServer()], loops: 2,
      configure: { $0 = RPCServer.Configuration(network: network, tls: tls) }
    ) { _, _ in
      for _ in 0..<3 {
        let trust = try transport.client()
        try await withChannel(
          to: .addresses([.unix(path: "")]),
          {
            $0 = RPCChannel.Configuration(network: network, tls: trust)
            $0.certificateName = "127.0.0.1"
          }
        ) { channel in
          let size = try await reply(of: cut.size, through: channel)
          #expect(size == cut.size)
        }
      }
    }
  }

  @Test func `without a server nobody answers, and one that comes is found`() async throws {
    let network = MemoryNetwork()
    try await withChannel(
      to: .addresses([.unix(path: "")]),
      {
        $0.network = network
        $0.backoff.first = .milliseconds(5)
      }
    ) { channel in
      var options = CallOptions(timeout: .seconds(60))
      let end = await code { [options] () throws(RPCError) in
        _ = try await TestServiceClient(channel).emptyCall(Empty(), options: options)
      }
      #expect(end == .unavailable)
      options.waitsForReady = true
      for _ in 0..<2 {
        try await withServer([TestServer()], configure: { $0.network = network }) { _, _ in
          _ = try await TestServiceClient(channel).emptyCall(Empty(), options: options)
        }
      }
    }
  }
}
