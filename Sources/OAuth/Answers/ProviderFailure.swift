/// Why a provider did not do what it was asked to.
public struct ProviderFailure: Error, Hashable, Sendable {
  /// What it comes to: a closed set, so that whoever maps it to their own reasons misses none.
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    /// The signature was not accepted: consumer key or secret are wrong, or belong to another app.
    ///
    /// X also says so when the app is of the wrong type.
    case badConsumerKeys
    /// The timestamp is too far from the provider's clock; see `clockSkew`.
    case clockSkew
    /// The callback is not in the app's list, which is compared to the letter.
    case callbackNotApproved
    /// The app is suspended, or the key is of no app.
    case appSuspended
    /// The app has no callback in its settings and can only be used with a PIN.
    case appPINOnly
    /// The app is outside the package or environment that the API needs.
    case appNotEnrolled
    /// The keys cannot be verified, or were asked about too often: X does not say which.
    case keysRefusedOrAskedTooOften
    /// Too many requests; see `retryAfter`.
    case rateLimited
    /// The token is not, or no longer, good: the access token, or in the last leg the request token.
    case tokenRejected
    /// The verifier or PIN is wrong, or not the one of this request token.
    case verifierRejected
    /// The account is locked or suspended until its owner does something about it.
    case accountLocked
    /// Not accepted, and not said whether it is the keys or the token (HTTP 401 without a reason).
    case unauthorized
    /// Understood and refused, for a reason that none of the others covers.
    case refused
    /// The provider itself fails, now.
    case unavailable
    /// The answer is not one that the protocol knows.
    case malformedAnswer
  }

  /// What it comes to.
  public let kind: Kind
  /// The HTTP status.
  public let status: Int
  /// The provider's number for it, given or meant by its words; nil if it has none.
  public let code: Int?
  /// The provider's words, or what is wrong with its answer.
  ///
  /// One line of visible characters, without words that could be a secret that was sent: safe to
  /// show.
  public let message: String
  /// After how many seconds to ask again, where the provider says it.
  public let retryAfter: Int64?
  /// How many seconds the provider's clock is ahead of ours, by the `Date` of its answer; negative
  /// if it is behind, nil if it does not tell the time.
  public let clockSkew: Int64?
}

extension ProviderFailure: CustomStringConvertible {
  /// All but the provider's words, which may repeat what was sent: a description ends up in logs.
  public var description: String {
    let number = code.map { ", code \($0)" } ?? ""
    return "\(kind.rawValue) (HTTP \(status)\(number))"
  }
}

extension ProviderFailure {
  /// Understands an answer whose status is not 200.
  init(_ answer: ProviderAnswer, table: FailureTable, localTime: Int64) {
    let report = FailureReport(answer)
    let code = report.code ?? table.code(ofWords: report.message)
    let kind = table.kind(status: answer.status, code: code, report: report)
    self.init(
      kind: kind, status: answer.status, code: code,
      message: report.message.isEmpty
        ? "HTTP \(answer.status) without a reason" : PrintableText.quoting(report.message),
      answer, localTime: localTime)
  }

  /// Understands an answer of status 200 that does not say what it should.
  init(malformed: MalformedAnswer, _ answer: ProviderAnswer, localTime: Int64) {
    self.init(
      kind: .malformedAnswer, status: answer.status, code: nil,
      message: PrintableText.make(malformed.message), answer, localTime: localTime)
  }

  private init(
    kind: Kind, status: Int, code: Int?, message: String, _ answer: ProviderAnswer,
    localTime: Int64
  ) {
    let date = answer.date
    self.kind = kind
    self.status = status
    self.code = code
    self.message = message
    clockSkew = answer.clockSkew(at: localTime)
    retryAfter =
      kind == .rateLimited || kind == .unavailable
      ? Self.retryAfter(answer, now: date ?? localTime) : nil
  }

  /// From X's `x-rate-limit-reset`, a time of its own clock, or from `Retry-After`.
  private static func retryAfter(_ answer: ProviderAnswer, now: Int64) -> Int64? {
    let seconds =
      if let reset = number(answer.header("x-rate-limit-reset")) {
        reset.difference(from: now)
      } else {
        number(answer.header("retry-after"))
      }
    return seconds.map { min(max(0, $0), Limits.retryAfter) }
  }

  private static func number(_ text: String?) -> Int64? {
    guard let text, !text.isEmpty, text.utf8.allSatisfy(\.isDigit) else { return nil }
    return Int64(text)
  }
}
