/// How a call ended: one of the seventeen codes of gRPC.
///
/// A struct and not an enum, so that a `switch` over it in a caller's code stays valid whatever
/// comes; on the wire no other code than these exists (`statuscodes.md`).
public struct StatusCode: Hashable, Sendable {
  /// The number on the wire, 0 to 16.
  public let rawValue: Int

  private init(_ rawValue: Int) { self.rawValue = rawValue }

  /// The code of this number, or nil where gRPC has none.
  public init?(rawValue: Int) {
    guard Self.names.indices.contains(rawValue) else { return nil }
    self.rawValue = rawValue
  }

  /// Not an error: the call succeeded.
  public static let ok = StatusCode(0)
  /// The call was cancelled, usually by its caller.
  public static let cancelled = StatusCode(1)
  /// Nobody said what went wrong.
  public static let unknown = StatusCode(2)
  /// The request can never be right, whatever the state of the system.
  public static let invalidArgument = StatusCode(3)
  /// Time ran out before the call was done.
  ///
  /// What it does may have happened all the same.
  public static let deadlineExceeded = StatusCode(4)
  /// What was asked for does not exist.
  public static let notFound = StatusCode(5)
  /// What was to be made exists already.
  public static let alreadyExists = StatusCode(6)
  /// The caller is known and may not do this.
  public static let permissionDenied = StatusCode(7)
  /// A quota, a limit or a resource is used up.
  public static let resourceExhausted = StatusCode(8)
  /// The system is not in the state that the call needs; a retry alone will not help.
  public static let failedPrecondition = StatusCode(9)
  /// Another call got in between; the caller may start its sequence again.
  public static let aborted = StatusCode(10)
  /// Past the end of what there is.
  public static let outOfRange = StatusCode(11)
  /// The method, or what the request asks of it, does not exist here.
  public static let unimplemented = StatusCode(12)
  /// An invariant is broken, here or on the wire.
  public static let `internal` = StatusCode(13)
  /// Not now; the call may be tried again after a while.
  public static let unavailable = StatusCode(14)
  /// Data are lost or damaged beyond repair.
  public static let dataLoss = StatusCode(15)
  /// The caller did not prove who it is.
  public static let unauthenticated = StatusCode(16)
}

extension StatusCode: CustomStringConvertible {
  /// The name that every language's gRPC prints, as `NOT_FOUND`.
  public var description: String { Self.names[rawValue] }

  private static let names = [
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
    "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED",
    "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
  ]
}
