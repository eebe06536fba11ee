/// The most that the stand-in keeps, so that a long run of tests does not grow without end.
enum Limits {
  /// Requests in the journal: more than one test makes.
  static let journal = 1000
  /// Request tokens that wait for a decision; the oldest are forgotten first.
  static let requestTokens = 10_000
  /// Bytes of a request's body.
  ///
  /// A form of X has less than 1 KiB.
  static let requestBody = 1 << 20
  /// Bytes of an answer that a fault may ask for: a hundred times what a client should take.
  static let faultBody = 64 << 20
  /// Milliseconds of delay that a fault may ask for, and how long an answer hangs.
  static let delay = 60_000
}
