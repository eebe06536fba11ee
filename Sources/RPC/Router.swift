public import Protobuf

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
  /// The files that declare the services, as far as they said so.
  package private(set) var files: [FileDescriptor] = []

  /// A router without methods.
  public init() {}

  /// A router with the methods of these services.
  public init(_ services: [any Service]) {
    for service in services { service.register(in: &self) }
  }

  /// The full names of the services, each once, in the order of their first methods.
  package var serviceNames: [String] {
    var names: [String] = []
    for method in methods where !names.contains(method.service) { names.append(method.service) }
    return names
  }

  /// Adds the file that declares a service, so that reflection can show it.
  public mutating func add(_ file: FileDescriptor) { files.append(file) }

  /// Adds a method that answers one request with one response.
  ///
  /// Two handlers for one path are a mistake of the program and stop it.
  public mutating func unary<Req, Res>(
    _ method: MethodDescriptor<Req, Res>,
    _ handler: @escaping @Sendable (Req, ServerContext) async throws -> Res
  ) {
    addUnary(method, handler, nil)
  }

  /// Adds a method that answers one request with one response and never waits for anything.
  ///
  /// Such a handler needs no task: it is called as soon as the request has come, on the event loop of
  /// its connection, whose other calls have to be quiet meanwhile. Where interceptors stand before
  /// it, which may wait, it runs in a task as all others do.
  public mutating func unary<Req, Res>(
    _ method: MethodDescriptor<Req, Res>,
    withoutWaiting handler: @escaping @Sendable (Req, ServerContext) throws -> Res
  ) {
    addUnary(method, { request, context in try handler(request, context) }) { message, context in
      try frame(try handler(try decode(message, context), context), context)
    }
  }

  private mutating func addUnary<Req, Res>(
    _ method: MethodDescriptor<Req, Res>,
    _ handler: @escaping @Sendable (Req, ServerContext) async throws -> Res,
    _ immediate: ImmediateHandler?
  ) {
    precondition(method.kind == .unary, "\(method.path) is not unary")
    let waiting = RegisteredMethod.Handler.unary { source, context in
      let message: [UInt8]
      if let ready = source.takeRequest() {
        message = ready
      } else {
        message = try await source.waitForRequest()
      }
      return try frame(try await handler(try decode(message, context), context), context)
    }
    add(method, waiting, immediate)
  }

  /// Adds a method that answers one request with a stream of responses.
  ///
  /// The stream ends when the handler returns.
  public mutating func serverStreaming<Req, Res>(
    _ method: MethodDescriptor<Req, Res>,
    _ handler:
      @escaping @Sendable (Req, ResponseWriter<Res>, ServerContext) async throws -> Void
  ) {
    precondition(method.kind == .serverStreaming, "\(method.path) does not stream its responses")
    add(
      method,
      .streaming { exchange, context in
        var requests = RequestStream<Req>(exchange, context).makeAsyncIterator()
        guard let request = try await requests.next() else { throw MessageReader.wrongCount }
        try await handler(request, ResponseWriter(exchange, context), context)
      })
  }

  /// Adds a method that answers a stream of requests with one response.
  ///
  /// The handler may return before it has read all requests; the client is stopped then.
  public mutating func clientStreaming<Req, Res>(
    _ method: MethodDescriptor<Req, Res>,
    _ handler: @escaping @Sendable (RequestStream<Req>, ServerContext) async throws -> Res
  ) {
    precondition(method.kind == .clientStreaming, "\(method.path) does not stream its requests")
    add(
      method,
      .streaming { exchange, context in
        let response = try await handler(RequestStream(exchange, context), context)
        try await ResponseWriter(exchange, context).write(response)
      })
  }

  /// Adds a method with streams both ways.
  ///
  /// The stream of responses ends when the handler returns.
  public mutating func bidirectional<Req, Res>(
    _ method: MethodDescriptor<Req, Res>,
    _ handler:
      @escaping @Sendable (
        RequestStream<Req>, ResponseWriter<Res>, ServerContext
      ) async throws -> Void
  ) {
    precondition(method.kind == .bidirectional, "\(method.path) does not stream both ways")
    add(
      method,
      .streaming { exchange, context in
        try await handler(
          RequestStream(exchange, context), ResponseWriter(exchange, context), context)
      })
  }

  private mutating func add<Req, Res>(
    _ method: MethodDescriptor<Req, Res>, _ handler: RegisteredMethod.Handler,
    _ immediate: ImmediateHandler? = nil
  ) {
    precondition(
      !methods.contains { $0.path.utf8.elementsEqual(method.path.utf8) },
      "\(method.path) is registered twice")
    methods.append(
      RegisteredMethod(
        path: method.path, kind: method.kind, idempotency: method.idempotency, handler: handler,
        immediateHandler: immediate))
  }
}

/// Turns the one request of a call into a framed response message.
package typealias UnaryHandler =
  @Sendable (_ request: any RequestSource, _ context: ServerContext) async throws -> [UInt8]

/// Turns the one request of a call into a framed response message, without waiting.
package typealias ImmediateHandler =
  @Sendable (_ message: [UInt8], _ context: ServerContext) throws -> [UInt8]

/// Where the handler of a unary call gets its request: interceptors run before it is asked for, so
/// that whoever is refused has sent it in vain, and nobody has kept it.
package protocol RequestSource: AnyObject, Sendable {
  /// The serialized request if all of it is there, once.
  func takeRequest() -> [UInt8]?
  /// Waits for the request where it is not there yet.
  func waitForRequest() async throws(RPCError) -> [UInt8]
}

/// Reads the requests of a call and sends its responses; the call succeeds when it returns.
package typealias StreamingHandler =
  @Sendable (_ exchange: any MessageExchange, _ context: ServerContext) async throws -> Void

/// A method as the transports see it, without the types of its messages.
package final class RegisteredMethod: Sendable {
  /// How calls of the method are run: unary ones without any of what streams need.
  package enum Handler: Sendable {
    case unary(UnaryHandler)
    case streaming(StreamingHandler)
  }

  package let path: String
  package let kind: MethodKind
  package let idempotency: Idempotency
  package let handler: Handler
  /// Does what `handler` does, if that never waits.
  package let immediateHandler: ImmediateHandler?

  /// The full name of the service: `/service/method` without the rest.
  var service: String { String(path.dropFirst().prefix { $0 != "/" }) }

  init(
    path: String, kind: MethodKind, idempotency: Idempotency, handler: Handler,
    immediateHandler: ImmediateHandler? = nil
  ) {
    self.path = path
    self.kind = kind
    self.idempotency = idempotency
    self.handler = handler
    self.immediateHandler = immediateHandler
  }
}

// Neither is inlined: what they need would else lie in the frame of the task that waits in between.

@inline(never)
private func decode<Request: Message>(
  _ message: [UInt8], _ context: ServerContext
) throws -> Request {
  try context.contentType.decode(message)
}

@inline(never)
private func frame(_ response: some Message, _ context: ServerContext) throws -> [UInt8] {
  try context.contentType.frame(encoding: response)
}
