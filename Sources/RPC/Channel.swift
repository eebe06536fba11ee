import Protobuf

/// A way to a service: over a network, or within the process.
///
/// Calls of messages are made with `unary(_:_:_:)` and its siblings, mostly by generated clients.
/// What a conforming type carries is bytes: it knows nothing of the messages' types.
public protocol Channel: Sendable {
  /// Carries one request message and brings back the one response message.
  ///
  /// A cancelled task ends the call with `cancelled`, and the peer is told.
  ///
  /// - Parameter message: the serialized request.
  func unary(
    _ call: OutgoingCall, message: [UInt8]
  ) async throws(RPCError) -> Response<[UInt8]>

  /// Begins a call whose messages follow.
  ///
  /// May return before the server has heard of it; what fails later, the exchange says.
  func open(_ call: OutgoingCall) async throws(RPCError) -> any ClientExchange
}

/// A call as a channel sees it: everything but the messages.
public struct OutgoingCall: Sendable {
  /// The method's path, as `/link.v1.LinkService/StartLink`.
  public let path: String
  /// How many messages go each way.
  public let kind: MethodKind
  /// What repeating the call does.
  public let idempotency: Idempotency
  /// When the caller stops waiting.
  public var deadline: ContinuousClock.Instant?
  /// What is sent along.
  public var metadata: Metadata
  /// How the request's messages are compressed.
  public var compression: Compression
  /// Whether it waits for a server that cannot be reached.
  public let waitsForReady: Bool
  /// Whether its caller says that it may be repeated.
  public let isRepeatable: Bool
  /// Whether it is made again after it has failed.
  public var retries: RetryChoice
  /// The largest response that its caller takes.
  public let responseBytes: Int?

  /// A call of `method`.
  public init<Req, Res>(_ method: MethodDescriptor<Req, Res>, _ options: CallOptions) {
    path = method.path
    kind = method.kind
    idempotency = method.idempotency
    metadata = options.metadata
    compression = options.compression
    waitsForReady = options.waitsForReady
    isRepeatable = options.isRepeatable
    retries = options.retries
    responseBytes = options.responseBytes
    let timeoutEnd = options.timeout.map { ContinuousClock.now.advanced(by: $0) }
    deadline = [timeoutEnd, options.deadline].compactMap(\.self).min()
  }
}

/// A successful response with what came along.
public struct Response<Body: Sendable>: Sendable {
  /// The message.
  public var message: Body
  /// What came before the message.
  public var metadata: Metadata
  /// What came after it.
  public var trailingMetadata: Metadata
  /// Whether the message was compressed on its way.
  public var wasCompressed: Bool

  /// A message with what came along.
  public init(
    message: Body, metadata: Metadata = Metadata(), trailingMetadata: Metadata = Metadata(),
    wasCompressed: Bool = false
  ) {
    self.message = message
    self.metadata = metadata
    self.trailingMetadata = trailingMetadata
    self.wasCompressed = wasCompressed
  }
}

extension Channel {
  /// Makes a unary call.
  public func unary<Req, Res>(
    _ method: MethodDescriptor<Req, Res>, _ request: Req, _ options: CallOptions
  ) async throws(RPCError) -> Res {
    try await response(method, request, options).message
  }

  /// Makes a unary call and returns what came along with the response, too.
  public func response<Req, Res>(
    _ method: MethodDescriptor<Req, Res>, _ request: Req, _ options: CallOptions = CallOptions()
  ) async throws(RPCError) -> Response<Res> {
    let message: [UInt8]
    do { message = try request.serialized() } catch {
      throw RPCError(.internal, "the request cannot be encoded", cause: error)
    }
    let raw = try await unary(OutgoingCall(method, options), message: message)
    do {
      return Response(
        message: try Res(serialized: raw.message), metadata: raw.metadata,
        trailingMetadata: raw.trailingMetadata, wasCompressed: raw.wasCompressed)
    } catch { throw .fault("the response cannot be decoded", error) }
  }
}
