/// The most that this module reads or shows, each with its reason.
enum Limits {
  /// A URL to sign.
  ///
  /// Twice what common servers take as a request line.
  static let url = 16 * 1024
  /// A header to parse.
  ///
  /// Common servers take 8 KiB of all headers together.
  static let authorizationHeader = 8 * 1024
  /// A form to parse.
  ///
  /// No answer of any step has 1 KiB.
  static let form = 64 * 1024
  /// Parameters of one request or form.
  ///
  /// The widest request of X's API has about 30.
  static let parameters = 256
  /// A nonce.
  ///
  /// Providers keep them, so theirs are the limits; X does not name one.
  static let nonce = 128
}
