/// Runs around every call that a server answers: to authenticate, to limit, to count, to log.
///
/// One that has something to wait for, or that wants to read like the call it stands around, is an
/// `AsyncServerInterceptor`. Those who implement this protocol itself spare every call a task: if
/// nobody on its way waits, a call is answered in one go by the event loop of its connection.
public protocol ServerInterceptor: Sendable {
  /// Answers a call by passing it to `next`, or refuses it by throwing.
  ///
  /// Runs before the request is decoded, and where that is large, before it has been received: a
  /// call that is refused costs no more than its header fields. Runs on the event loop of the
  /// connection, whose other calls have to be quiet meanwhile: what takes time belongs into
  /// `PromisedAnswer.later`.
  ///
  /// - Parameter next: the rest of the chain and the handler. Call it at most once.
  func intercept(_ context: ServerContext, _ next: NextStep) throws -> PromisedAnswer
}

/// An interceptor that may wait for something.
public protocol AsyncServerInterceptor: ServerInterceptor {
  /// Answers a call by passing it to `next`, or refuses it by throwing.
  ///
  /// Runs in the task of the call, which is cancelled when nobody waits for the answer any more.
  /// `Answer` is what the rest of the chain makes, opaque here.
  ///
  /// - Parameter next: the rest of the chain and the handler. Call it at most once.
  func intercept<Answer: Sendable>(
    _ context: ServerContext, _ next: (ServerContext) async throws -> Answer
  ) async throws -> Answer
}

extension AsyncServerInterceptor {
  /// Leaves everything to the other form, in a task.
  public func intercept(_ context: ServerContext, _ next: NextStep) throws -> PromisedAnswer {
    .later {
      try await intercept(context) { context in try await next(context).value }
    }
  }
}

/// What a call is answered with: of concern to the transports alone.
public struct Answer: Sendable {
  /// The framed response of a unary call; those of others have been sent by then.
  package let frame: [UInt8]?

  package init(frame: [UInt8]?) { self.frame = frame }
}

/// The answer to a call, or the way to get it.
public enum PromisedAnswer: Sendable {
  /// Nobody has to wait.
  case ready(Answer)
  /// The answer is there when this has returned. To be called once, in the task of the call.
  case later(@Sendable () async throws -> Answer)

  /// The answer, awaited.
  public var value: Answer {
    get async throws {
      switch self {
      case .ready(let answer): answer
      case .later(let rest): try await rest()
      }
    }
  }
}

/// What comes after an interceptor: other interceptors, at last the handler.
public struct NextStep: Sendable {
  private let method: RegisteredMethod
  private let call: any AnsweredCall
  private let index: Int

  init(_ method: RegisteredMethod, _ call: any AnsweredCall, _ index: Int = 0) {
    self.method = method
    self.call = call
    self.index = index
  }

  /// A step of its own, to try an interceptor without a server.
  public init(_ handler: @escaping @Sendable (ServerContext) async throws -> Void) {
    let method = RegisteredMethod(
      path: "", kind: .bidirectional, idempotency: .unknown,
      handler: .streaming { _, context in try await handler(context) })
    self.init(method, NoCall())
  }

  /// Passes the call on.
  public func callAsFunction(_ context: ServerContext) throws -> PromisedAnswer {
    guard index < method.interceptors.count else { return try method.handle(call, context) }
    return try method.interceptors[index].intercept(context, NextStep(method, call, index + 1))
  }

  /// Passes the call on and hears how it ended.
  ///
  /// - Parameter whenEnded: called once with the outcome, here or in the task of the call. What it
  ///   throws takes the place of the outcome.
  public func callAsFunction(
    _ context: ServerContext,
    whenEnded: @escaping @Sendable (_ outcome: Result<Void, any Error>) throws -> Void
  ) throws -> PromisedAnswer {
    let promise: PromisedAnswer
    do { promise = try self(context) } catch {
      try whenEnded(.failure(error))
      throw error
    }
    guard case .later(let rest) = promise else {
      try whenEnded(.success(()))
      return promise
    }
    return .later {
      let answer: Answer
      do { answer = try await rest() } catch {
        try whenEnded(.failure(error))
        throw error
      }
      try whenEnded(.success(()))
      return answer
    }
  }
}

/// A call without messages.
private final class NoCall: AnsweredCall {
  func takeRequest() -> [UInt8]? { nil }
  func waitForRequest() async throws(RPCError) -> [UInt8] { throw MessageReader.wrongCount }
  func receive() async throws(RPCError) -> ReceivedMessage? { nil }
  func send(_ frame: [UInt8], compressed: Bool) async throws(RPCError) {}
}

/// Runs around every call that a channel makes: to authenticate, to retry, to count, to log.
public protocol ClientInterceptor: Sendable {
  /// Makes a call by passing it to `next`, changed if need be, or refuses it by throwing.
  ///
  /// Where messages are streamed, `next` returns as soon as the call has begun.
  func intercept<Answer: Sendable>(
    _ call: OutgoingCall, _ next: (OutgoingCall) async throws(RPCError) -> Answer
  ) async throws(RPCError) -> Answer
}
