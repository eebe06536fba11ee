import HTTP2
import Interop
import Linux
import Net
import Protobuf
import RPC
import RPCNet
import Synchronization
import TestAPI
import Testing

/// Calls that are made again, seen from the server: how often it has them, and what is in them.
struct RetryTests {
  /// Waits that a test can wait for.
  private let quick = RetryPolicy(firstWait: .milliseconds(5), longestWait: .milliseconds(20))

  private var repeatable: CallOptions {
    var options = CallOptions(timeout: .seconds(60))
    options.retries = .policy(quick)
    return options
  }

  @Test func `T56 a call that was turned away is made again once, whatever the method`()
    async throws
  {
    for refusals in 0..<4 {
      let script = Script { request in
        if request.number < refusals { return request.stream.reset(.refusedStream) }
        #expect(request.headers["grpc-previous-rpc-attempts"] == nil)
        request.succeed()
      }
      let end = try await script.serve { client in
        await code { () throws(RPCError) in _ = try await client.emptyCall(Empty()) }
      }
      #expect(end == (refusals < 2 ? .ok : .unavailable))
      #expect(script.requests == min(refusals + 1, 2))
    }
  }

  @Test func `T56 a call that the server may have seen is not made again unless that is safe`()
    async throws
  {
    let script = Script { $0.stream.connection.close() }
    try await script.serve { client in
      let end = await code { () throws(RPCError) in _ = try await client.emptyCall(Empty()) }
      #expect(end == .unavailable)
    }
    #expect(script.requests == 1)
  }

  @Test func `a call that may be repeated is, and says how often it was made before`()
    async throws
  {
    let seen = Mutex<[String?]>([])
    let script = Script { request in
      seen.withLock { $0.append(request.headers["grpc-previous-rpc-attempts"]) }
      if request.number < 3 { request.fail(.unavailable) } else { request.succeed() }
    }
    try await script.serve { client in
      _ = try await client.emptyCall(Empty(), options: repeatable)
    }
    #expect(seen.withLock(\.self) == [nil, "1", "2", "3"])
  }

  @Test func `five attempts are the most, and the last error is the caller's`() async throws {
    let script = Script { $0.fail(.unavailable, ("grpc-message", "no \($0.number)")) }
    try await script.serve { client in
      let error = await #expect(throws: RPCError.self) {
        try await client.emptyCall(Empty(), options: repeatable)
      }
      #expect(error?.message == "no 4")
    }
    #expect(script.requests == 5)
  }

  @Test func `a response that has begun is the caller's, and nothing is made again`() async throws {
    let script = Script { request in
      request.sendHeaders()
      request.stream.sendTrailers(HeaderBlock(["grpc-status": "14"]))
    }
    try await script.serve { client in
      let end = await code { () throws(RPCError) in
        _ = try await client.emptyCall(Empty(), options: repeatable)
      }
      #expect(end == .unavailable)
    }
    #expect(script.requests == 1)
  }

  @Test func `a server that pushes back is left alone, or asked again when it says`() async throws {
    for (pushback, requests) in [("-1", 1), ("never", 1), ("1", 2)] {
      let script = Script { request in
        if request.number > 0 { return request.succeed() }
        request.fail(.unavailable, ("grpc-retry-pushback-ms", pushback))
      }
      // A wait that no test survives: only the pushback shortens it.
      var options = repeatable
      options.retries = .policy(
        RetryPolicy(firstWait: .seconds(1000), longestWait: .seconds(1000)))
      try await script.serve { client in
        let end = await code { () throws(RPCError) in
          _ = try await client.emptyCall(Empty(), options: options)
        }
        #expect(end == (requests == 2 ? .ok : .unavailable))
      }
      #expect(script.requests == requests)
    }
  }

  @Test func `a call is cancelled, or out of time, while it waits for its next attempt`()
    async throws
  {
    let script = Script { $0.fail(.unavailable) }
    var options = CallOptions(timeout: .milliseconds(50))
    options.retries = .policy(RetryPolicy(firstWait: .seconds(1000), longestWait: .seconds(1000)))
    try await script.serve { client in
      let end = await code { () throws(RPCError) in
        _ = try await client.emptyCall(Empty(), options: options)
      }
      #expect(end == .deadlineExceeded)
      options.timeout = nil
      let task = Task { [options] in try await client.emptyCall(Empty(), options: options) }
      while script.requests < 2 { await Task.yield() }
      task.cancel()
      let error = await #expect(throws: RPCError.self) { try await task.value }
      #expect(error?.code == .cancelled)
    }
  }

  @Test func `T143 while a server fails everything, callers come back no more than it can bear`()
    async throws
  {
    let script = Script { $0.fail(.unavailable) }
    try await script.serve { client in
      for _ in 0..<200 {
        let end = await code { () throws(RPCError) in
          _ = try await client.emptyCall(Empty(), options: repeatable)
        }
        #expect(end == .unavailable)
      }
    }
    #expect(script.requests == 240)
  }

  @Test(arguments: [10, 300_000])
  func `a stream of requests is sent again as it was, as long as it is kept`(
    _ size: Int
  ) async throws {
    let bodies = Mutex<[[UInt8]]>([])
    let script = Script { request in
      bodies.withLock { $0.append(request.body) }
      if request.number == 0 { request.stream.reset(.refusedStream) } else { request.succeed() }
    }
    let end = try await script.serve { client in
      try await upload(size, to: client)
    }
    #expect(end == (size == 10 ? .ok : .unavailable))
    let all = bodies.withLock(\.self)
    #expect(all.count == (size == 10 ? 2 : 1))
    #expect(all.allSatisfy { $0 == all.first && $0.count >= 5 * size })
  }

  /// Sends five messages of `size` bytes; returns what the call ended with.
  private func upload(_ size: Int, to client: TestServiceClient) async throws -> StatusCode {
    let call = try await client.streamingInputCall()
    return await code { () throws(RPCError) in
      var request = StreamingInputCallRequest()
      request.payload = Payload()
      for number in UInt8(0)..<5 {
        request.payload?.body = [UInt8](repeating: number, count: size)
        try await call.requests.write(request)
      }
      _ = try await call.response()
    }
  }

  @Test func `metadata that cannot be sent fails its call and no other`() async throws {
    let script = Script { $0.succeed() }
    try await script.serve { client in
      let end = await code { () throws(RPCError) in
        _ = try await client.emptyCall(Empty(), options: CallOptions(metadata: ["x": "\n"]))
      }
      #expect(end == .internal)
      _ = try await client.emptyCall(Empty())
    }
  }

  @Test func `a call may take less of a response than its channel`() async throws {
    let script = Script { request in
      request.sendHeaders()
      request.stream.sendData([0, 0, 0, 0, 4, 8, 1, 8, 1])
      request.stream.sendTrailers(HeaderBlock(["grpc-status": "0"]))
    }
    try await script.serve { client in
      for (bytes, expected) in [(3, StatusCode.resourceExhausted), (4, .ok)] {
        var options = CallOptions()
        options.responseBytes = bytes
        let end = await code { () throws(RPCError) in
          _ = try await client.emptyCall(Empty(), options: options)
        }
        #expect(end == expected)
      }
    }
  }
}
