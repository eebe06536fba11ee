import RPC
import Testing

struct MessageQueueTests {
  @Test(arguments: [false, true])
  func `what came before an error is read before it, unless nobody waits for it`(
    _ isCutOff: Bool
  ) async throws {
    let queue = MessageQueue()
    queue.append(ReceivedMessage(bytes: [1]))
    queue.append(ReceivedMessage(bytes: [2]))
    queue.end(RPCError(.aborted, ""), cuttingOff: isCutOff)
    if !isCutOff {
      #expect(try await queue.next()?.bytes == [1])
      #expect(try await queue.next()?.bytes == [2])
    }
    for _ in 0..<2 {
      let error = await #expect(throws: RPCError.self) { try await queue.next() }
      #expect(error?.code == .aborted)
    }
  }
}
