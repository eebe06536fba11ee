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
  /// Whether the call waits while the server cannot be reached, until its deadline.
  ///
  /// Otherwise it fails as soon as that is known.
  public var waitsForReady = false
  /// Whether making this call twice does what making it once does, although the schema does not say
  /// so.
  ///
  /// Where a request has a `request_id`, generated clients see to it.
  public var isRepeatable = false
  /// Whether the call is made again after it has failed.
  public var retries = RetryChoice.asConfigured
  /// The largest response that is read, in bytes; nil leaves it to the channel.
  public var responseBytes: Int?

  /// No limit, nothing sent along, unless said.
  ///
  /// What is not a parameter is set afterwards.
  public init(
    timeout: Duration? = nil, deadline: ContinuousClock.Instant? = nil,
    metadata: Metadata = Metadata(), compression: Compression = .identity
  ) {
    self.timeout = timeout
    self.deadline = deadline
    self.metadata = metadata
    self.compression = compression
  }

  /// These options for a request with this `request_id`: if there is one, the call may be repeated.
  ///
  /// That is what a `request_id` is for (AIP-155).
  public func keyed(by requestID: String?) -> CallOptions {
    guard let requestID, !requestID.isEmpty else { return self }
    var options = self
    options.isRepeatable = true
    return options
  }

  /// Options for a call made while answering another: what is left of that call's time.
  public init(within context: ServerContext, metadata: Metadata = Metadata()) {
    self.init(deadline: context.deadline, metadata: metadata)
  }
}
