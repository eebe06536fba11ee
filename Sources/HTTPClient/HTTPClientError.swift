/// Why there is no answer.
public struct HTTPClientError: Error, Hashable, Sendable {
  /// What a program decides by.
  public struct Kind: Hashable, Sendable {
    let name: String

    /// The URL does not begin with one of the allowed origins.
    public static let refusedOrigin = Kind(name: "refused origin")
    /// The host has only addresses that its origin must not have: private ones for a public name,
    /// others for the loopback interface.
    public static let refusedAddress = Kind(name: "refused address")
    /// The request cannot be sent as it is: a control character in a field, for instance.
    public static let invalidRequest = Kind(name: "invalid request")
    /// Connecting or the whole exchange took too long.
    public static let timeout = Kind(name: "timeout")
    /// The host is unknown, unreachable or refuses connections.
    public static let connect = Kind(name: "connect")
    /// The server could not prove who it is, or the connection could not be secured.
    public static let tls = Kind(name: "tls")
    /// The answer is longer than the limit.
    public static let tooLarge = Kind(name: "too large")
    /// The answer is not HTTP, or the connection ended before it did.
    public static let malformed = Kind(name: "malformed answer")
    /// The task was cancelled.
    public static let cancelled = Kind(name: "cancelled")
    /// The client or its loop was shut down, or has too much to do.
    public static let unavailable = Kind(name: "unavailable")
  }

  /// What a program decides by.
  public let kind: Kind
  /// Whether the server may have seen the request, so that its outcome is unknown.
  ///
  /// False is certain: it was not sent.
  public let mayHaveBeenSent: Bool
  /// What a person reads: printable ASCII, without anything of the request but the host.
  public let detail: String

  init(_ kind: Kind, mayHaveBeenSent: Bool = false, _ detail: String) {
    self.kind = kind
    self.mayHaveBeenSent = mayHaveBeenSent
    self.detail = detail
  }
}

extension HTTPClientError: CustomStringConvertible {
  /// The kind, the detail, and whether the outcome is unknown.
  public var description: String {
    "\(kind.name): \(detail)" + (mayHaveBeenSent ? " (the request may have been sent)" : "")
  }
}
