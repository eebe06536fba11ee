import RPC
import TestAPI

extension TestClient {
  /// The sizes of requests and of responses that the description names.
  private static let requestSizes: [Int32] = [27_182, 8, 1_828, 45_904]
  private static let responseSizes: [Int32] = [31_415, 9, 2_653, 58_979]

  func clientStreaming() async throws {
    let call = try await service.streamingInputCall()
    for size in Self.requestSizes { try await call.requests.write(try inputRequest(size)) }
    let response = try await call.response().message
    try TestFailure.requireEqual(response.aggregatedPayloadSize, 74_922, "the sum")
  }

  func clientCompressedStreaming() async throws {
    // The probe: a server that does not look cannot be tested.
    let first = try inputRequest(27_182, isCompressed: true)
    try await TestFailure.requireError(.invalidArgument) { () throws(RPCError) in
      let call = try await service.streamingInputCall()
      try await call.requests.write(first)
      _ = try await call.response()
    }
    let call = try await service.streamingInputCall(options: CallOptions(compression: .gzip))
    try await call.requests.write(first)
    try await call.requests.write(
      try inputRequest(45_904, isCompressed: false), compressed: false)
    let response = try await call.response().message
    try TestFailure.requireEqual(response.aggregatedPayloadSize, 73_086, "the sum")
  }

  func serverStreaming() async throws {
    let responses = try await service.streamingOutputCall(
      try outputRequest(sizes: Self.responseSizes))
    var sizes: [Int32] = []
    for try await response in responses { sizes.append(response.size) }
    try TestFailure.requireEqual(sizes, Self.responseSizes, "the sizes")
  }

  func serverCompressedStreaming() async throws {
    var request = try outputRequest(sizes: [31_415, 92_653])
    request.responseParameters[0].compressed = BoolValue(true)
    request.responseParameters[1].compressed = BoolValue(false)
    var responses = try await service.streamingOutputCall(request).makeAsyncIterator()
    for (size, isCompressed) in [(31_415, true), (92_653, false)] as [(Int32, Bool)] {
      try TestFailure.requireEqual(try await responses.next()?.size, size, "the size")
      try TestFailure.requireEqual(responses.lastWasCompressed, isCompressed, "the compression")
    }
    try TestFailure.require(try await responses.next() == nil, "there is a third response")
  }

  func pingPong() async throws {
    let call = try await service.fullDuplexCall()
    var responses = call.responses.makeAsyncIterator()
    for (size, answer) in zip(Self.requestSizes, Self.responseSizes) {
      try await call.requests.write(try outputRequest(sizes: [answer], payload: size))
      try TestFailure.requireEqual(try await responses.next()?.size, answer, "the size")
    }
    call.requests.finish()
    try TestFailure.require(try await responses.next() == nil, "there is a fifth response")
  }

  func emptyStream() async throws {
    let call = try await service.fullDuplexCall()
    call.requests.finish()
    for try await _ in call.responses { throw TestFailure(description: "there is a response") }
  }

  func cancelAfterBegin() async throws {
    let call = try await service.streamingInputCall()
    call.cancel()
    try await TestFailure.requireError(.cancelled) { () throws(RPCError) in
      _ = try await call.response()
    }
  }

  func cancelAfterFirstResponse() async throws {
    let call = try await service.fullDuplexCall()
    var responses = call.responses.makeAsyncIterator()
    try await call.requests.write(try outputRequest(sizes: [31_415], payload: 27_182))
    try TestFailure.requireEqual(try await responses.next()?.size, 31_415, "the size")
    call.cancel()
    try await TestFailure.requireError(.cancelled) { () throws(RPCError) in
      while try await responses.next() != nil {}
    }
  }

  func timeoutOnSleepingServer() async throws {
    let request = try outputRequest(sizes: [], payload: 27_182)
    let options = CallOptions(timeout: .milliseconds(1))
    try await TestFailure.requireError(.deadlineExceeded) { () throws(RPCError) in
      let call = try await service.fullDuplexCall(options: options)
      try await call.requests.write(request)
      for try await _ in call.responses {}
    }
  }

  func outputRequest(
    sizes: [Int32], payload: Int32? = nil
  ) throws -> StreamingOutputCallRequest {
    var request = StreamingOutputCallRequest()
    request.payload = try payload.map { try Payload(size: $0) }
    request.responseParameters = sizes.map { size in
      var parameters = ResponseParameters()
      parameters.size = size
      return parameters
    }
    return request
  }

  private func inputRequest(
    _ size: Int32, isCompressed: Bool? = nil
  ) throws -> StreamingInputCallRequest {
    var request = StreamingInputCallRequest()
    request.payload = try Payload(size: size)
    request.expectCompressed = isCompressed.map(BoolValue.init)
    return request
  }
}

extension StreamingOutputCallResponse {
  fileprivate var size: Int32 { Int32(clamping: payload?.body.count ?? 0) }
}
