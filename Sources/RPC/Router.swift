import Protobuf

/// What a server serves: services register their methods with its router.
public protocol Service: Sendable {
  /// Adds every method of the service.
  func register(in router: inout Router)
}

/// Knows every method that a server answers.
///
/// Filled once, before the first call; then it is an immutable value that every loop reads.
public struct Router: Sendable {
  package private(set) var methods: [RegisteredMethod] = []

  /// A router without methods.
  public init() {}

  /// A router with the methods of these services.
  public init(_ services: [any Service]) {
    for service in services { service.register(in: &self) }
  }

  /// Adds a method that answers one request with one response.
  ///
  /// Two handlers for one path are a mistake of the program and stop it.
  public mutating func unary<Req, Res>(
    _ method: MethodDescriptor<Req, Res>,
    _ handler: @escaping @Sendable (Req, ServerContext) async throws -> Res
  ) {
    precondition(method.kind == .unary, "\(method.path) is not unary")
    add(method) { message, context in
      try frame(try await handler(try decode(message), context))
    }
  }

  private mutating func add<Req, Res>(
    _ method: MethodDescriptor<Req, Res>, _ handler: @escaping UnaryHandler
  ) {
    precondition(
      !methods.contains { $0.path.utf8.elementsEqual(method.path.utf8) },
      "\(method.path) is registered twice")
    methods.append(
      RegisteredMethod(path: method.path, kind: method.kind, handler: .unary(handler)))
  }
}

/// Turns a request message into a framed response message.
package typealias UnaryHandler =
  @Sendable (_ message: [UInt8], _ context: ServerContext) async throws -> [UInt8]

/// A method as the transports see it, without the types of its messages.
package final class RegisteredMethod: Sendable {
  /// How calls of the method are run.
  ///
  /// Streaming kinds get a case with a stream of request messages and a writer of responses; unary
  /// calls keep this one, which needs neither.
  package enum Handler: Sendable {
    case unary(UnaryHandler)
  }

  package let path: String
  package let kind: MethodKind
  package let handler: Handler

  init(path: String, kind: MethodKind, handler: Handler) {
    self.path = path
    self.kind = kind
    self.handler = handler
  }
}

// Neither is inlined: what they need would else lie in the frame of the task that waits in between.

@inline(never)
private func decode<Request: Message>(_ message: [UInt8]) throws -> Request {
  do { return try Request(serialized: message) } catch {
    throw RPCError(.internal, "the request cannot be decoded", cause: error)
  }
}

/// The response as a length-prefixed message, encoded behind its prefix so that it moves only once.
@inline(never)
private func frame(_ response: some Message) throws -> [UInt8] {
  var frame = Framing.beginning()
  do { try response.serialize(appendingTo: &frame) } catch {
    throw RPCError(.internal, "the response cannot be encoded", cause: error)
  }
  try Framing.seal(&frame, compressed: false)
  return frame
}
