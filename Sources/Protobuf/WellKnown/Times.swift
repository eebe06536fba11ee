extension Timestamp {
  /// The earliest second that is valid: 0001-01-01T00:00:00Z.
  public static let minimumSeconds: Int64 = -62_135_596_800
  /// The latest second that is valid: 9999-12-31T23:59:59Z.
  public static let maximumSeconds: Int64 = 253_402_300_799

  /// A point in time: seconds since 1970-01-01T00:00:00Z, and nanoseconds that count forward.
  public init(seconds: Int64, nanos: Int32 = 0) {
    self.init()
    self.seconds = seconds
    self.nanos = nanos
  }

  /// Whether it lies in the years 1 to 9999 and the nanoseconds in one second.
  public var isValid: Bool {
    (Self.minimumSeconds...Self.maximumSeconds).contains(seconds)
      && (0..<1_000_000_000).contains(nanos)
  }
}

extension ProtoDuration {
  /// The largest number of seconds that is valid, either way: about 10,000 years.
  public static let maximumSeconds: Int64 = 315_576_000_000

  /// A span of time; seconds and nanoseconds have the same sign or are zero.
  public init(seconds: Int64, nanos: Int32 = 0) {
    self.init()
    self.seconds = seconds
    self.nanos = nanos
  }

  /// A span of time to the nanosecond, rounded towards zero.
  public init(_ duration: Swift.Duration) {
    let (seconds, attoseconds) = duration.components
    self.init(seconds: seconds, nanos: Int32(truncatingIfNeeded: attoseconds / 1_000_000_000))
  }

  /// Whether it is in range and both parts have one sign.
  public var isValid: Bool {
    (-Self.maximumSeconds...Self.maximumSeconds).contains(seconds)
      && (-999_999_999...999_999_999).contains(nanos)
      && (seconds == 0 || nanos == 0 || (seconds < 0) == (nanos < 0))
  }
}

extension Swift.Duration {
  /// The same span of time.
  public init(_ duration: ProtoDuration) {
    self = .seconds(duration.seconds) + .nanoseconds(Int64(duration.nanos))
  }
}
