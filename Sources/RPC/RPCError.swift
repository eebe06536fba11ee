public import Protobuf

/// Why a call failed, as its caller learns it.
public struct RPCError: Error, Sendable {
  /// What kind of failure it is; this is what programs decide by.
  public var code: StatusCode
  /// What went wrong, for a person who develops.
  ///
  /// It travels to the peer: no internals, no secrets.
  public var message: String
  /// What programs can read beyond the code, as `google.rpc.ErrorInfo`.
  public var details: [ProtoAny]
  /// Metadata that goes with the error (in the trailers).
  public var metadata: Metadata
  /// What a server had sent before, where a call of ours failed after its response had begun.
  ///
  /// Stays here, as `cause` does.
  public var leadingMetadata = Metadata()
  /// What led to it.
  ///
  /// Stays in this process, for the log: it never travels.
  public var cause: (any Error)?

  /// A failure of the given kind.
  public init(
    _ code: StatusCode, _ message: String, details: [ProtoAny] = [],
    metadata: Metadata = Metadata(), cause: (any Error)? = nil
  ) {
    self.code = code
    self.message = message
    self.details = details
    self.metadata = metadata
    self.cause = cause
  }
}

extension RPCError {
  /// The error that a peer is told of when `error` ended a call.
  ///
  /// This is the one place where a stranger's error becomes ours. Its text may hold anything, so
  /// the peer never sees it; `cause` keeps it for the log.
  public static func wrapping(_ error: any Error) -> RPCError {
    switch error {
    case let error as RPCError: error
    case is CancellationError: RPCError(.cancelled, "the call was cancelled", cause: error)
    default: RPCError(.unknown, "internal error", cause: error)
    }
  }
}

/// The cause of an error that is the other side's doing: what it sent breaks the protocol.
///
/// gRPC has INTERNAL for this, on both sides; whoever counts its own failures wants to tell them
/// apart.
public struct PeerFault: Error, CustomStringConvertible {
  /// What was found to be wrong, where something else found it.
  public let cause: (any Error)?

  /// What it is, and why.
  public var description: String {
    "the peer broke the protocol" + (cause.map { ": \($0)" } ?? "")
  }
}

extension RPCError {
  /// What a call ends with whose peer has sent what cannot be understood.
  static func fault(_ message: String, _ cause: (any Error)? = nil) -> RPCError {
    RPCError(.internal, message, cause: PeerFault(cause: cause))
  }

  /// What a call ends with that is not done in time.
  package static var deadlineExceeded: RPCError {
    RPCError(.deadlineExceeded, "the deadline passed before the call was done")
  }

  /// What a call ends with whose caller does not want it any more.
  package static var cancelled: RPCError { RPCError(.cancelled, "the call was cancelled") }

  /// What writing fails with once the call has its answer.
  package static var callIsOver: RPCError { RPCError(.cancelled, "the call is over") }
}

extension RPCError: CustomStringConvertible {
  /// The code and the message.
  ///
  /// Details and cause are left out: they may hold what logs must not.
  public var description: String { message.isEmpty ? "\(code)" : "\(code): \(message)" }
}
