import HTTP2
import Linux
import Net
import RPC
import RPCNet
import ScriptedPeer
import Synchronization
import Testing

/// Runs `body` with a channel whose server is a script: run for each of its connections, from their
/// handshakes to their ends.
///
/// A script must be over when the channel has been shut down, and none may have been surprised.
func withScriptedServer<Value>(
  settings: [(UInt16, UInt32)] = [], keepalive: RPCChannel.Keepalive? = nil,
  script: @escaping @Sendable (_ peer: ScriptedPeer, _ connection: Int) async throws -> Void,
  _ body: (RPCChannel) async throws -> Value
) async throws -> Value {
  let network = MemoryNetwork()
  let (ends, arrived) = AsyncStream.makeStream(of: MemoryEnd.self)
  let place = network.listen { arrived.yield($0) }
  let play = Task {
    await withTaskGroup(of: Void.self) { group in
      var number = 0
      for await end in ends {
        group.addTask { [number] in
          do {
            let peer = ScriptedPeer(end)
            try await peer.handshakeAsServer(settings)
            try await script(peer, number)
          } catch { Issue.record(error, "connection \(number)") }
        }
        number += 1
      }
    }
  }
  let result: Result<Value, any Error>
  do {
    result = .success(
      try await withChannel(
        to: .addresses([.unix(path: "")]),
        {
          $0.network = network
          $0.keepalive = keepalive
        }, body))
  } catch { result = .failure(error) }
  network.remove(place)
  arrived.finish()
  await play.value
  return try result.get()
}

/// What a server of gRPC sends.
extension Frame {
  /// The beginning of a response.
  static func responseHeaders(_ stream: UInt32) -> [UInt8] {
    headers(
      stream, Fields.block([":status": "200", "content-type": "application/grpc"]), end: false)
  }

  /// Its end.
  static func trailers(_ stream: UInt32, _ status: StatusCode = .ok) -> [UInt8] {
    headers(stream, Fields.block(["grpc-status": "\(status.rawValue)"]))
  }

  /// One message in one frame.
  static func message(_ stream: UInt32, _ message: [UInt8] = [], end: Bool = false) -> [UInt8] {
    data(stream, [0] + bytes(UInt32(message.count)) + message, end: end)
  }

  /// A whole response with one message.
  static func response(_ stream: UInt32, _ message: [UInt8] = []) -> [UInt8] {
    responseHeaders(stream) + Frame.message(stream, message) + trailers(stream)
  }
}
