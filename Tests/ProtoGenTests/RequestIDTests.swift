import LinkAPI
import Protobuf
import RPC
import Testing

/// T56: a request with a key of its own may be repeated, and the generated client says so.
struct RequestIDTests {
  /// Tells whether a call may be repeated.
  private struct Asking: Channel {
    struct Answer: Error { let isRepeatable: Bool }

    func unary(
      _ call: OutgoingCall, message: [UInt8]
    ) async throws(RPCError) -> Response<[UInt8]> {
      throw RPCError(.aborted, "", cause: Answer(isRepeatable: call.isRepeatable))
    }

    func open(_ call: OutgoingCall) async throws(RPCError) -> any ClientExchange {
      throw RPCError(.unimplemented, "")
    }
  }

  private func isRepeatable(
    _ call: (any Channel) async throws(RPCError) -> Void
  ) async throws -> Bool {
    let error = await #expect(throws: RPCError.self) { try await call(Asking()) }
    return try #require(error?.cause as? Asking.Answer).isRepeatable
  }

  @Test(arguments: ["", "8f0a4a1e-34f4-4e5c-9e0a-2f1d3c5b7a99"])
  func `T56 StartLink and CompleteLink are repeated with a request_id and not without`(
    _ id: String
  ) async throws {
    let start = try await isRepeatable { channel throws(RPCError) in
      _ = try await LinkServiceClient(channel).startLink(.with { $0.requestID = id })
    }
    let complete = try await isRepeatable { channel throws(RPCError) in
      _ = try await LinkServiceClient(channel).completeLink(.with { $0.requestID = id })
    }
    #expect(start == !id.isEmpty)
    #expect(complete == !id.isEmpty)
  }

  @Test func `T56 what a caller vouches for needs no request_id`() async throws {
    var options = CallOptions()
    options.isRepeatable = true
    let vouched = options
    let start = try await isRepeatable { channel throws(RPCError) in
      _ = try await LinkServiceClient(channel).startLink(StartLinkRequest(), options: vouched)
    }
    #expect(start)
  }
}
