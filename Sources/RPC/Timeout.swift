/// The value of `grpc-timeout`, at most eight digits and a unit, and of its siblings.
package enum Timeout {
  /// The longest that is kept to: ten years.
  ///
  /// `99999999H` is legal, and an instant that far off does not fit into the nanoseconds that
  /// timers count in.
  package static let longest = Duration.seconds(10 * 365 * 86_400)

  /// The duration, or nil where the text is not of the form.
  package static func parse(_ text: Span<UInt8>) -> Duration? {
    // "TimeoutValue → {positive integer as ASCII string of at most 8 digits}"
    guard (2...9).contains(text.count) else { return nil }
    var value: Int64 = 0
    for index in 0..<(text.count - 1) {
      let digit = text[index] &- UInt8(ascii: "0")
      guard digit <= 9 else { return nil }
      value = value * 10 + Int64(digit)
    }
    let duration: Duration
    switch text[text.count - 1] {
    case UInt8(ascii: "H"): duration = .seconds(value * 3600)
    case UInt8(ascii: "M"): duration = .seconds(value * 60)
    case UInt8(ascii: "S"): duration = .seconds(value)
    case UInt8(ascii: "m"): duration = .milliseconds(value)
    case UInt8(ascii: "u"): duration = .microseconds(value)
    case UInt8(ascii: "n"): duration = .nanoseconds(value)
    default: return nil
    }
    return min(duration, longest)
  }

  /// The duration in `connect-timeout-ms`, or nil where the text is not of the form.
  package static func parse(milliseconds text: Span<UInt8>) -> Duration? {
    // "{positive integer as ASCII string of at most 10 digits}"
    guard (1...10).contains(text.count) else { return nil }
    var value: Int64 = 0
    for index in text.indices {
      let digit = text[index] &- UInt8(ascii: "0")
      guard digit <= 9 else { return nil }
      value = value * 10 + Int64(digit)
    }
    return .milliseconds(value)
  }

  /// The value of `connect-timeout-ms` for a duration, rounded up, as long as ten digits can say.
  package static func format(milliseconds duration: Duration) -> String {
    let duration = min(max(duration, .zero), .milliseconds(9_999_999_999 as Int64))
    return "\((duration.attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)"
  }

  /// The text for a duration in the finest unit that has room for it, rounded up.
  package static func format(_ duration: Duration) -> String {
    let units: [(name: String, length: Duration)] = [
      ("n", .nanoseconds(1)), ("u", .microseconds(1)), ("m", .milliseconds(1)), ("S", .seconds(1)),
      ("M", .seconds(60)), ("H", .seconds(3600)),
    ]
    let duration = min(max(duration, .zero), longest)
    for unit in units {
      let count = (duration.attoseconds - 1) / unit.length.attoseconds + 1
      if duration == .zero { return "0n" }
      if count <= 99_999_999 { return "\(count)\(unit.name)" }
    }
    preconditionFailure("ten years are less than 99999999 hours")
  }
}
