package import RPC
import TestAPI

/// What gRPC's interoperability tests ask of a client and a server, by the names that they have
/// there; those that need a cloud are left out.
package enum TestCase: String, CaseIterable, Sendable {
  case emptyUnary = "empty_unary"
  case largeUnary = "large_unary"
  case clientCompressedUnary = "client_compressed_unary"
  case serverCompressedUnary = "server_compressed_unary"
  case clientStreaming = "client_streaming"
  case clientCompressedStreaming = "client_compressed_streaming"
  case serverStreaming = "server_streaming"
  case serverCompressedStreaming = "server_compressed_streaming"
  case pingPong = "ping_pong"
  case emptyStream = "empty_stream"
  case customMetadata = "custom_metadata"
  case statusCodeAndMessage = "status_code_and_message"
  case specialStatusMessage = "special_status_message"
  case unimplementedMethod = "unimplemented_method"
  case unimplementedService = "unimplemented_service"
  case cancelAfterBegin = "cancel_after_begin"
  case cancelAfterFirstResponse = "cancel_after_first_response"
  case timeoutOnSleepingServer = "timeout_on_sleeping_server"

  /// Makes the calls of the case; throws if one of them goes otherwise than it should.
  package func run(on channel: any Channel) async throws {
    let client = TestClient(channel)
    switch self {
    case .emptyUnary: try await client.emptyUnary()
    case .largeUnary: try await client.largeUnary()
    case .clientCompressedUnary: try await client.clientCompressedUnary()
    case .serverCompressedUnary: try await client.serverCompressedUnary()
    case .clientStreaming: try await client.clientStreaming()
    case .clientCompressedStreaming: try await client.clientCompressedStreaming()
    case .serverStreaming: try await client.serverStreaming()
    case .serverCompressedStreaming: try await client.serverCompressedStreaming()
    case .pingPong: try await client.pingPong()
    case .emptyStream: try await client.emptyStream()
    case .customMetadata: try await client.customMetadata()
    case .statusCodeAndMessage: try await client.status("test status message")
    case .specialStatusMessage:
      try await client.status("\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n")
    case .unimplementedMethod: try await client.unimplementedMethod()
    case .unimplementedService: try await client.unimplementedService()
    case .cancelAfterBegin: try await client.cancelAfterBegin()
    case .cancelAfterFirstResponse: try await client.cancelAfterFirstResponse()
    case .timeoutOnSleepingServer: try await client.timeoutOnSleepingServer()
    }
  }
}

/// A call that went otherwise than it should.
package struct TestFailure: Error, CustomStringConvertible {
  /// What was expected, and what came.
  package let description: String

  static func require(_ condition: Bool, _ description: @autoclosure () -> String) throws {
    guard condition else { throw TestFailure(description: description()) }
  }

  static func requireEqual<Value: Equatable>(
    _ value: Value, _ expected: Value, _ what: String
  ) throws {
    try require(value == expected, "\(what) is \(value), not \(expected)")
  }

  /// Makes a call that is to fail with `code`; returns the error.
  @discardableResult
  static func requireError(
    _ code: StatusCode, _ call: () async throws(RPCError) -> Void
  ) async throws -> RPCError {
    do throws(RPCError) { try await call() } catch {
      try requireEqual(error.code, code, "the status")
      return error
    }
    throw TestFailure(description: "the call succeeded, and did not fail with \(code)")
  }
}
