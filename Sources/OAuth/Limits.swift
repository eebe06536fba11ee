/// The most that this module reads, keeps or shows, each with its reason.
enum Limits {
  /// A URL to sign: twice what common servers take as a request line.
  static let url = 16 * 1024
  /// A header to parse: common servers take 8 KiB of all headers together.
  static let authorizationHeader = 8 * 1024
  /// A form to parse, query or body.
  static let form = 64 * 1024
  /// Parameters of one request or form: the widest request of X's API has about 30.
  static let parameters = 256
  /// A nonce: providers keep them, so theirs are the limits; X does not name one.
  static let nonce = 128
  /// A callback: what browsers and proxies agree to carry.
  static let callback = 2_048
  /// The body of an answer: no answer of any step has 1 KiB, a profile has about 4.
  static let answer = 64 * 1024
  /// A token, a secret or a verifier: X's have about 50 bytes, and no length is promised.
  static let token = 1_024
  /// A bearer token, a refresh token or a code: X's have about 100 bytes, others' are signed
  /// documents of a few thousand.
  static let bearer = 8 * 1024
  /// A state: X takes up to 500 characters.
  static let state = 500
  /// How long a provider may say that a token is good, in seconds: ten years.
  static let tokenLifetime = 315_360_000
  /// A user id or screen name: X's have 20 digits and 15 characters at most.
  static let identity = 256
  /// A provider's words as they are shown: the longest of X's table has 130.
  static let message = 400
  /// JSON inside JSON: the deepest answer has three levels, and each costs stack.
  static let jsonDepth = 32
  /// How far ahead a provider may ask to wait, in seconds: X's windows have 15 minutes.
  static let retryAfter: Int64 = 24 * 60 * 60
}
