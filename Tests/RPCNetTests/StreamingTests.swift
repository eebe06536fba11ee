import Interop
import RPC
import RPCNet
import Synchronization
import TestAPI
import Testing

/// Calls with more than one message, over every transport that we have.
struct StreamingTests {
  enum Way: CaseIterable, Sendable {
    case inProcess, plaintext, tls, memory

    var transport: Transport {
      switch self {
      case .inProcess, .plaintext: .plaintext
      case .tls: .tls
      case .memory: .memory
      }
    }
  }

  private func withChannel(
    _ way: Way, _ service: any RPC.Service = TestServer(),
    _ body: (any Channel) async throws -> Void
  ) async throws {
    guard way != .inProcess else { return try await body(InProcessChannel([service])) }
    try await withServer([service], over: way.transport) { _, channel in
      try await body(channel)
    }
  }

  private func request(_ sizes: Int32...) -> StreamingOutputCallRequest {
    var request = StreamingOutputCallRequest()
    request.responseParameters = sizes.map { size in
      var parameters = ResponseParameters()
      parameters.size = size
      return parameters
    }
    return request
  }

  @Test(arguments: Way.allCases)
  func `a call streams its responses, its requests, or both`(_ way: Way) async throws {
    try await withChannel(way) { channel in
      let client = TestServiceClient(channel)
      var sizes: [Int] = []
      let output = try await client.streamingOutputCall(request(31_415, 9, 2_653, 300_000))
      for try await response in output { sizes.append(response.payload?.body.count ?? 0) }
      #expect(sizes == [31_415, 9, 2_653, 300_000])

      let upload = try await client.streamingInputCall()
      for size in [27_182, 8, 1_828, 300_000] {
        var request = StreamingInputCallRequest()
        request.payload = Payload()
        request.payload?.body = [UInt8](repeating: 1, count: size)
        try await upload.requests.write(request)
      }
      #expect(try await upload.response().message.aggregatedPayloadSize == 329_018)

      let call = try await client.fullDuplexCall()
      var responses = call.responses.makeAsyncIterator()
      for size: Int32 in [1, 100_000, 0] {
        try await call.requests.write(request(size))
        #expect(try await responses.next()?.payload?.body.count == Int(size))
      }
      call.requests.finish()
      #expect(try await responses.next() == nil)
    }
  }

  @Test(arguments: Way.allCases)
  func `an error after some responses comes after them`(_ way: Way) async throws {
    try await withChannel(way) { channel in
      let call = try await TestServiceClient(channel).fullDuplexCall()
      try await call.requests.write(request(10))
      var responses = call.responses.makeAsyncIterator()
      #expect(try await responses.next()?.payload?.body.count == 10)
      var failing = StreamingOutputCallRequest()
      failing.responseStatus = EchoStatus()
      failing.responseStatus?.code = Int32(StatusCode.aborted.rawValue)
      failing.responseStatus?.message = "enough"
      try await call.requests.write(failing)
      let error = await #expect(throws: RPCError.self) { try await responses.next() }
      #expect(error?.code == .aborted)
      #expect(error?.message == "enough")
    }
  }

  /// Counts what gets through a writer whose peer does not read, and tells when it is let go.
  private struct Flooding: RPC.Service {
    let written = Atomic64()
    let stopped = Signal()

    func register(in router: inout Router) {
      router.serverStreaming(TestServiceMethods.streamingOutputCall) { _, responses, _ in
        defer { stopped.fire() }
        while true {
          var response = StreamingOutputCallResponse()
          response.payload = Payload()
          response.payload?.body = [UInt8](repeating: 0, count: 10_000)
          try await responses.write(response)
          written.add()
        }
      }
      router.unary(TestServiceMethods.emptyCall) { request, _ in request }
    }
  }

  @Test(arguments: Way.allCases)
  func `a reader that does not read stops its writer and nobody else`(_ way: Way) async throws {
    let service = Flooding()
    try await withChannel(way, service) { channel in
      let client = TestServiceClient(channel)
      var responses: ResponseStream? = try await client.streamingOutputCall(request())
      var iterator = responses?.makeAsyncIterator()
      #expect(try await iterator?.next() != nil)
      // Other calls go on, and after many of them the writer still waits.
      for _ in 0..<200 { _ = try await client.emptyCall(Empty()) }
      let written = service.written.value
      #expect(written < 40)
      for _ in 0..<200 { _ = try await client.emptyCall(Empty()) }
      #expect(service.written.value == written)
      for _ in 0..<100 { #expect(try await iterator?.next() != nil) }
      #expect(service.written.value >= 100)
      // A call that is let go is reset, and its handler cancelled.
      iterator = nil
      responses = nil
      await service.stopped.wait()
    }
  }

  /// Reads one request, then waits until it is told to read the others.
  private struct Lagging: RPC.Service {
    let goOn = Signal()

    func register(in router: inout Router) {
      router.clientStreaming(TestServiceMethods.streamingInputCall) { requests, _ in
        var response = StreamingInputCallResponse()
        for try await request in requests {
          if response.aggregatedPayloadSize == 0 { await goOn.wait() }
          response.aggregatedPayloadSize += Int32(request.payload?.body.count ?? 0)
        }
        return response
      }
      router.unary(TestServiceMethods.emptyCall) { request, _ in request }
    }
  }

  @Test(arguments: Way.allCases)
  func `a handler that does not read stops its client and nobody else`(_ way: Way) async throws {
    let service = Lagging()
    try await withChannel(way, service) { channel in
      let client = TestServiceClient(channel)
      let call = try await client.streamingInputCall()
      let written = Atomic64()
      let writing = Task {
        var request = StreamingInputCallRequest()
        request.payload = Payload()
        request.payload?.body = [UInt8](repeating: 0, count: 10_000)
        for _ in 0..<100 {
          try await call.requests.write(request)
          written.add()
        }
      }
      for _ in 0..<400 { _ = try await client.emptyCall(Empty()) }
      #expect(written.value < 40)
      service.goOn.fire()
      try await writing.value
      #expect(try await call.response().message.aggregatedPayloadSize == 1_000_000)
    }
  }

  /// Waits for a request that never comes.
  private struct Waiting: RPC.Service {
    let started = Signal()
    let stopped = Signal()

    func register(in router: inout Router) {
      router.bidirectional(TestServiceMethods.fullDuplexCall) { requests, _, _ in
        started.fire()
        defer { stopped.fire() }
        for try await _ in requests {}
      }
    }
  }

  @Test(arguments: Way.allCases)
  func `a cancelled reader, an unused call and a deadline each end the handler`(
    _ way: Way
  ) async throws {
    let service = Waiting()
    try await withChannel(way, service) { channel in
      let client = TestServiceClient(channel)
      let reader = Task { () throws(RPCError) in
        let call = try await client.fullDuplexCall()
        var responses = call.responses.makeAsyncIterator()
        return try await responses.next() == nil
      }
      await service.started.wait()
      reader.cancel()
      await service.stopped.wait()
      #expect(await #expect(throws: RPCError.self) { try await reader.value }?.code == .cancelled)

      var call: BidirectionalCall? = try await client.fullDuplexCall()
      await service.started.wait()
      withExtendedLifetime(call) {}
      call = nil
      await service.stopped.wait()

      let late = try await client.fullDuplexCall(options: CallOptions(timeout: .milliseconds(20)))
      var responses = late.responses.makeAsyncIterator()
      let error = await #expect(throws: RPCError.self) { try await responses.next() }
      #expect(error?.code == .deadlineExceeded)
      await service.stopped.wait()
    }
  }

  @Test(arguments: Way.allCases)
  func `a server that answers early stops a client that still writes`(_ way: Way) async throws {
    struct Hasty: RPC.Service {
      func register(in router: inout Router) {
        router.clientStreaming(TestServiceMethods.streamingInputCall) { requests, _ in
          var iterator = requests.makeAsyncIterator()
          _ = try await iterator.next()
          return StreamingInputCallResponse()
        }
      }
    }
    try await withChannel(way, Hasty()) { channel in
      let call = try await TestServiceClient(channel).streamingInputCall()
      var request = StreamingInputCallRequest()
      request.payload = Payload()
      request.payload?.body = [UInt8](repeating: 0, count: 10_000)
      await #expect(throws: RPCError.self) { while true { try await call.requests.write(request) } }
      #expect(try await call.response().message == StreamingInputCallResponse())
    }
  }
}

/// A number that tasks count up.
final class Atomic64: Sendable {
  private let number = Atomic<Int>(0)
  var value: Int { number.load(ordering: .relaxed) }
  func add() { number.add(1, ordering: .relaxed) }
}
