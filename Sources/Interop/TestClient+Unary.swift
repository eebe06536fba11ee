import RPC
import TestAPI

/// The client's side of gRPC's interoperability tests, as their description wants it.
struct TestClient {
  let channel: any Channel
  let service: TestServiceClient

  init(_ channel: any Channel) {
    self.channel = channel
    service = TestServiceClient(channel)
  }
}

extension TestClient {
  func emptyUnary() async throws {
    try TestFailure.requireEqual(try await service.emptyCall(Empty()), Empty(), "the response")
  }

  func largeUnary() async throws { _ = try await large() }

  func clientCompressedUnary() async throws {
    var request = try largeRequest()
    request.expectCompressed = BoolValue(true)
    // The probe: a server that does not look cannot be tested.
    try await TestFailure.requireError(.invalidArgument) { () throws(RPCError) in
      _ = try await service.unaryCall(request)
    }
    _ = try await large(CallOptions(compression: .gzip)) { $0.expectCompressed = BoolValue(true) }
    _ = try await large { $0.expectCompressed = BoolValue(false) }
  }

  func serverCompressedUnary() async throws {
    for isCompressed in [true, false] {
      let response = try await large { $0.responseCompressed = BoolValue(isCompressed) }
      try TestFailure.requireEqual(response.wasCompressed, isCompressed, "the compression")
    }
  }

  func customMetadata() async throws {
    let metadata: Metadata = [
      MetadataNames.initial: "test_initial_metadata_value",
      MetadataNames.trailing: .binary([0xab, 0xab, 0xab]),
    ]
    let options = CallOptions(metadata: metadata)
    let response = try await large(options)
    try requireEcho(response.metadata, response.trailingMetadata)

    let call = try await service.fullDuplexCall(options: options)
    try await call.requests.write(try outputRequest(sizes: [314_159], payload: 271_828))
    call.requests.finish()
    for try await _ in call.responses {}
    try requireEcho(try await call.responses.metadata, call.responses.trailingMetadata)
  }

  private func requireEcho(_ initial: Metadata, _ trailing: Metadata) throws {
    try TestFailure.requireEqual(
      initial[MetadataNames.initial], "test_initial_metadata_value", "the initial metadata")
    try TestFailure.requireEqual(
      trailing[binary: MetadataNames.trailing], [0xab, 0xab, 0xab], "the trailing metadata")
  }

  func status(_ message: String) async throws {
    var status = EchoStatus()
    status.code = 2
    status.message = message
    var request = SimpleRequest()
    request.responseStatus = status
    let unary = try await TestFailure.requireError(.unknown) { () throws(RPCError) in
      _ = try await service.unaryCall(request)
    }
    try TestFailure.requireEqual(unary.message, message, "the message")

    var streamed = StreamingOutputCallRequest()
    streamed.responseStatus = status
    let duplex = try await TestFailure.requireError(.unknown) { () throws(RPCError) in
      let call = try await service.fullDuplexCall()
      try await call.requests.write(streamed)
      call.requests.finish()
      for try await _ in call.responses {}
    }
    try TestFailure.requireEqual(duplex.message, message, "the message")
  }

  func unimplementedMethod() async throws {
    try await TestFailure.requireError(.unimplemented) { () throws(RPCError) in
      _ = try await service.unimplementedMethod(Empty())
    }
  }

  func unimplementedService() async throws {
    try await TestFailure.requireError(.unimplemented) { () throws(RPCError) in
      _ = try await UnimplementedServiceClient(channel).unimplementedCall(Empty())
    }
  }

  /// 271,828 bytes there, 314,159 back.
  private func large(
    _ options: CallOptions = CallOptions(), _ change: (inout SimpleRequest) -> Void = { _ in }
  ) async throws -> Response<SimpleResponse> {
    var request = try largeRequest()
    change(&request)
    let response = try await channel.response(TestServiceMethods.unaryCall, request, options)
    let expected = try Payload(size: 314_159)
    try TestFailure.require(response.message.payload == expected, "the payload is another")
    return response
  }

  private func largeRequest() throws -> SimpleRequest {
    var request = SimpleRequest()
    request.responseSize = 314_159
    request.payload = try Payload(size: 271_828)
    return request
  }
}

extension BoolValue {
  init(_ value: Bool) {
    self.init()
    self.value = value
  }
}
