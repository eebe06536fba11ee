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

  /// The paths of all methods.
  package var paths: [String] { methods.map(\.path) }

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
  /// its connection, whose other calls have to be quiet meanwhile.
  public mutating func unary<Req, Res>(
    _ method: MethodDescriptor<Req, Res>,
    withoutWaiting handler: @escaping @Sendable (Req, ServerContext) throws -> Res
  ) {
    addUnary(method, { request, context in try handler(request, context) }) { message, context in
      try frame(try handler(try decode(message, context), context), context)
    }
  }

  /// Lets a unary method that has been added already answer most of its calls without waiting.
  ///
  /// - Parameter attempt: called first, as a handler that never waits. If it returns nil, it has done
  ///   nothing, and the method's handler is called.
  public mutating func tryAtOnce<Req, Res>(
    _ method: MethodDescriptor<Req, Res>,
    _ attempt: @escaping @Sendable (Req, ServerContext) throws -> Res?
  ) {
    guard let index = methods.firstIndex(where: { $0.path.utf8.elementsEqual(method.path.utf8) })
    else { preconditionFailure("\(method.path) is not registered") }
    methods[index] = methods[index].attempting { message, context in
      guard let response = try attempt(try decode(message, context), context) else { return nil }
      return try frame(response, context)
    }
  }

  private mutating func addUnary<Req, Res>(
    _ method: MethodDescriptor<Req, Res>,
    _ handler: @escaping @Sendable (Req, ServerContext) async throws -> Res,
    _ immediate: ImmediateHandler?
  ) {
    precondition(method.kind == .unary, "\(method.path) is not unary")
    let waiting = RegisteredMethod.Handler.unary { message, context in
      try frame(try await handler(try decode(message, context), context), context)
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
  @Sendable (_ message: [UInt8], _ context: ServerContext) async throws -> [UInt8]

/// Does the same without waiting; nil, with nothing done, where it would have to.
package typealias ImmediateHandler =
  @Sendable (_ message: [UInt8], _ context: ServerContext) throws -> [UInt8]?

/// A call as its handler sees it.
package protocol AnsweredCall: MessageExchange {
  /// The serialized request of a unary call if all of it is there, once.
  ///
  /// Interceptors run before it is asked for, so that whoever is refused has sent it in vain, and
  /// nobody has kept it.
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
  let interceptors: [any ServerInterceptor]
  private let handler: Handler
  /// Does what `handler` does, wherever that need not wait.
  private let immediateHandler: ImmediateHandler?

  /// The full name of the service: `/service/method` without the rest.
  var service: String { String(path.dropFirst().prefix { $0 != "/" }) }

  init(
    path: String, kind: MethodKind, idempotency: Idempotency, handler: Handler,
    immediateHandler: ImmediateHandler? = nil, interceptors: [any ServerInterceptor] = []
  ) {
    self.path = path
    self.kind = kind
    self.idempotency = idempotency
    self.handler = handler
    self.immediateHandler = immediateHandler
    self.interceptors = interceptors
  }

  /// Answers a call, by way of the interceptors.
  package func answer(
    _ call: any AnsweredCall, _ context: ServerContext
  ) throws -> PromisedAnswer {
    try NextStep(self, call)(context)
  }

  /// Answers a call that the interceptors have let through.
  func handle(_ call: any AnsweredCall, _ context: ServerContext) throws -> PromisedAnswer {
    switch handler {
    case .streaming(let handler):
      return .later {
        try await handler(call, context)
        return Answer(frame: nil)
      }
    case .unary(let handler):
      guard let message = call.takeRequest() else {
        return .later { [immediateHandler] in
          let message = try await call.waitForRequest()
          if let frame = try immediateHandler?(message, context) { return Answer(frame: frame) }
          return Answer(frame: try await handler(message, context))
        }
      }
      if let frame = try immediateHandler?(message, context) { return .ready(Answer(frame: frame)) }
      return .later { Answer(frame: try await handler(message, context)) }
    }
  }

  /// The method with interceptors before its handler, the first one outermost.
  func intercepted(by interceptors: [any ServerInterceptor]) -> RegisteredMethod {
    RegisteredMethod(
      path: path, kind: kind, idempotency: idempotency, handler: handler,
      immediateHandler: immediateHandler, interceptors: interceptors)
  }

  /// The method with a handler that is called before its own.
  func attempting(_ immediateHandler: @escaping ImmediateHandler) -> RegisteredMethod {
    RegisteredMethod(
      path: path, kind: kind, idempotency: idempotency, handler: handler,
      immediateHandler: immediateHandler, interceptors: interceptors)
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
