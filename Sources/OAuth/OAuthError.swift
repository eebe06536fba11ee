/// What is wrong with a request, before anything has been sent or after something was received.
///
/// What a provider says about a request that was sent is a `ProviderFailure` instead.
public struct OAuthError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What a program decides by.
  public struct Code: Hashable, Sendable {
    let name: String

    /// A URL that is not an absolute http or https URL of printable ASCII characters.
    public static let invalidURL = Code(name: "invalid URL")
    /// A percent sign without two hexadecimal digits, or bytes that are not UTF-8.
    public static let invalidEncoding = Code(name: "invalid encoding")
    /// An `Authorization` header that is not of the form of RFC 5849 section 3.5.1.
    public static let invalidHeader = Code(name: "invalid header")
    /// A parameter whose value is not one that it can have.
    public static let invalidParameter = Code(name: "invalid parameter")
    /// A protocol parameter that is there more than once (RFC 5849 section 3.1 forbids it).
    public static let duplicateParameter = Code(name: "duplicate parameter")
    /// A protocol parameter that is not there.
    public static let missingParameter = Code(name: "missing parameter")
    /// More than one of the limits of this module.
    public static let tooLarge = Code(name: "too large")
    /// A step or an option that the provider does not have.
    public static let notOffered = Code(name: "not offered")
  }

  /// What a program decides by.
  public let code: Code
  /// What a person reads.
  ///
  /// Never holds a secret or a value of the request.
  public let message: String

  init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// The code and the message.
  public var description: String { "\(code.name): \(message)" }
}
