public import Zlib

/// What happens to a request instead of, or beside, what should.
public struct Fault: Sendable, Hashable {
  /// What is answered.
  public enum Replacement: Sendable, Hashable {
    /// A row of the table; without a format, in the one that the endpoint has.
    case error(XError, ErrorFormat?)
    /// v2 answers that the app is in no package.
    case notEnrolled
    /// Whatever this is.
    case answer(Answer)
  }

  /// What is answered; nil leaves the true answer.
  public var replacement: Replacement?
  /// How the answer travels.
  public var delivery: Answer.Delivery
  /// Whether the request takes effect all the same, so that only its answer is lost.
  public var takesEffect: Bool

  /// Puts one together.
  public init(
    _ replacement: Replacement? = nil, delivery: Answer.Delivery = .now, takesEffect: Bool = false
  ) {
    self.replacement = replacement
    self.delivery = delivery
    self.takesEffect = takesEffect
  }

  /// The true answer, so many milliseconds late.
  public static func delayed(milliseconds: Int) -> Fault {
    Fault(delivery: .delayed(milliseconds: milliseconds), takesEffect: true)
  }

  /// No answer, no effect, an open connection.
  public static let hung = Fault(delivery: .hung)
  /// A closed connection and no effect.
  public static let refused = Fault(delivery: .closed)
  /// A closed connection after the request took effect: the outcome cannot be known.
  public static let lost = Fault(delivery: .closed, takesEffect: true)

  /// A page where a form was expected.
  public static let page = Fault(
    .answer(
      Answer(200, type: "text/html; charset=utf-8", "<!doctype html><title>Hello</title>Hello")))

  /// Bytes that are no form, no JSON, no XML and no UTF-8.
  public static let garbage: Fault = {
    var answer = Answer(200, type: "text/html; charset=utf-8", "")
    answer.body = (0..<512).map { UInt8(truncatingIfNeeded: $0 &* 197 &+ 131) }
    return Fault(.answer(answer))
  }()

  /// A form of so many bytes.
  public static func huge(bytes: Int) -> Fault {
    var answer = Answer(200, type: "text/html; charset=utf-8", "oauth_token=")
    answer.body += repeatElement(UInt8(ascii: "a"), count: max(0, bytes - answer.body.count))
    return Fault(.answer(answer))
  }

  /// A way to somewhere else.
  public static func redirect(status: Int, to location: String) -> Fault {
    var answer = Answer.redirect(location)
    answer.status = status
    return Fault(.answer(answer))
  }

  /// Few compressed bytes that unpack to so many.
  public static func bomb(bytes: Int) throws(ZlibError) -> Fault {
    var answer = Answer(
      200, type: "text/html; charset=utf-8", "", headers: [Header("Content-Encoding", "gzip")])
    answer.body = try CompressionFormat.gzip.compress(
      [UInt8](repeating: UInt8(ascii: "a"), count: bytes), level: .fastest)
    return Fault(.answer(answer))
  }
}
