public import Protobuf

/// How many messages go each way in a call.
public enum MethodKind: Sendable, Hashable {
  /// One request, one response.
  case unary
  /// Many requests, one response.
  case clientStreaming
  /// One request, many responses.
  case serverStreaming
  /// Many requests, many responses, in whatever order the method defines.
  case bidirectional
}

extension MethodKind {
  /// Whether a call carries exactly one request message.
  package var hasOneRequest: Bool { self == .unary || self == .serverStreaming }
  /// Whether a successful call carries exactly one response message.
  package var hasOneResponse: Bool { self == .unary || self == .clientStreaming }
}

/// What repeating a call does (`google.protobuf.MethodOptions.IdempotencyLevel`).
public enum Idempotency: Sendable, Hashable {
  /// The schema does not say: a call must not be repeated unasked.
  case unknown
  /// The call changes nothing.
  case noSideEffects
  /// Twice does what once does.
  case idempotent
}

/// A method of a service: its name, its shape and the types of its messages.
public struct MethodDescriptor<Request: Message, Response: Message>: Sendable {
  /// The full name of the service, as `link.v1.LinkService`.
  public let service: String
  /// The name of the method within its service, as `StartLink`.
  public let method: String
  /// How many messages go each way.
  public let kind: MethodKind
  /// What repeating a call does.
  public let idempotency: Idempotency
  /// What goes into `:path`, as `/link.v1.LinkService/StartLink`.
  public let path: String

  /// Describes a method; generated code does.
  public init(
    service: String, method: String, kind: MethodKind, idempotency: Idempotency = .unknown
  ) {
    self.service = service
    self.method = method
    self.kind = kind
    self.idempotency = idempotency
    self.path = "/\(service)/\(method)"
  }
}
