/// What a caller can say about one call.
public struct CallOptions: Sendable {
  /// How long the call may take.
  ///
  /// The earlier of this and `deadline` counts.
  public var timeout: Duration?
  /// When the call must be over.
  ///
  /// The earlier of this and `timeout` counts.
  public var deadline: ContinuousClock.Instant?
  /// What is sent along.
  public var metadata: Metadata
  /// How the request is compressed.
  public var compression: Compression

  /// No limit, nothing sent along, unless said.
  public init(
    timeout: Duration? = nil, deadline: ContinuousClock.Instant? = nil,
    metadata: Metadata = Metadata(), compression: Compression = .identity
  ) {
    self.timeout = timeout
    self.deadline = deadline
    self.metadata = metadata
    self.compression = compression
  }

  /// Options for a call made while answering another: what is left of that call's time.
  public init(within context: ServerContext, metadata: Metadata = Metadata()) {
    self.init(deadline: context.deadline, metadata: metadata)
  }
}
