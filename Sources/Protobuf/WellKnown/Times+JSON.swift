// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// Each member is documented where `Message` requires it.

/// Text of which every character has its place.
private struct FixedText {
  private var rest: Substring.UTF8View

  init(_ text: String) { rest = text[...].utf8 }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard rest.first == UInt8(ascii: character) else { return false }
    rest.removeFirst()
    return true
  }

  /// Takes as many digits as are wanted; nil if there are not so many.
  mutating func takeNumber(digits: Int) -> Int64? {
    takeDigits(digits...digits)?.number
  }

  mutating func takeDigits(_ allowed: ClosedRange<Int>) -> (number: Int64, count: Int)? {
    var (number, count) = (Int64(0), 0)
    while let byte = rest.first, (0x30...0x39).contains(byte), count < allowed.upperBound {
      number = number * 10 + Int64(byte - 0x30)
      count += 1
      rest.removeFirst()
    }
    return allowed.contains(count) ? (number, count) : nil
  }

  /// Takes a fraction of a second of one to nine digits, if one is there, as nanoseconds.
  mutating func takeFraction() -> Int32? {
    guard take(".") else { return 0 }
    guard let (number, count) = takeDigits(1...9) else { return nil }
    return Int32((0..<(9 - count)).reduce(number) { nanos, _ in nanos * 10 })
  }
}

/// A fraction with 0, 3, 6 or 9 digits, "as many as are needed".
private func fraction(_ nanos: UInt32) -> String {
  guard nanos > 0 else { return "" }
  let digits = String(1_000_000_000 + nanos).dropFirst()
  if nanos % 1_000_000 == 0 { return ".\(digits.prefix(3))" }
  return nanos % 1_000 == 0 ? ".\(digits.prefix(6))" : ".\(digits)"
}

private func padded(_ number: Int64, _ digits: Int) -> String {
  let text = "\(number)"
  return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
}

// MARK: Timestamp

extension Timestamp {
  public static var hasOwnJSONForm: Bool { true }

  /// The point in time as RFC 3339 writes it, in UTC: `1972-01-01T10:00:20.021Z`; nil if it is not
  /// valid.
  public var rfc3339: String? {
    guard isValid else { return nil }
    // Counted from 0000-03-01, so that the leap day is the last of its year.
    let days = (seconds - Self.minimumSeconds) / 86_400 + 306
    let second = (seconds - Self.minimumSeconds) % 86_400
    let date = Self.date(days)
    let time = [second / 3_600, second / 60 % 60, second % 60].map { padded($0, 2) }
    return "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))"
      + "T\(time.joined(separator: ":"))\(fraction(UInt32(nanos)))Z"
  }

  /// Reads what RFC 3339 writes, with any offset from UTC; fails for what is no valid timestamp.
  public init?(rfc3339 text: String) {
    var text = FixedText(text)
    guard let year = text.takeNumber(digits: 4), text.take("-"),
      let month = text.takeNumber(digits: 2), text.take("-"),
      let day = text.takeNumber(digits: 2), text.take("T"),
      let hour = text.takeNumber(digits: 2), text.take(":"),
      let minute = text.takeNumber(digits: 2), text.take(":"),
      let second = text.takeNumber(digits: 2), let nanos = text.takeFraction(),
      let offset = Self.takeOffset(&text), text.isAtEnd,
      (1...12).contains(month), hour < 24, minute < 60, second < 60
    else { return nil }
    let days = Self.days(year, month, day)
    // A day that the month does not have comes back as one of the next month.
    guard Self.date(days) == (year, month, day) else { return nil }
    let time = (hour * 60 + minute) * 60 + second
    self.init(seconds: (days - 306) * 86_400 + Self.minimumSeconds + time - offset, nanos: nanos)
    guard isValid else { return nil }
  }

  /// `Z`, or how many seconds the text's clock is ahead of UTC.
  private static func takeOffset(_ text: inout FixedText) -> Int64? {
    if text.take("Z") { return 0 }
    let isAhead = text.take("+")
    guard isAhead || text.take("-"), let hour = text.takeNumber(digits: 2), text.take(":"),
      let minute = text.takeNumber(digits: 2), hour < 24, minute < 60
    else { return nil }
    return (hour * 60 + minute) * (isAhead ? 60 : -60)
  }

  /// Days since 0000-03-01 of the proleptic Gregorian calendar.
  private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let marchYear = month > 2 ? year : year - 1
    let marchMonth = (month + 9) % 12
    return marchYear * 365 + marchYear / 4 - marchYear / 100 + marchYear / 400
      + (marchMonth * 153 + 2) / 5 + day - 1
  }

  /// The date so many days after 0000-03-01.
  private static func date(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    // 146,097 days are 400 years; in them, 1,460 are four years without the leap day, and so on.
    let day = days % 146_097
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365
    let dayOfYear = day - (year * 365 + year / 4 - year / 100)
    let marchMonth = (dayOfYear * 5 + 2) / 153
    let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    return (
      days / 146_097 * 400 + year + (month <= 2 ? 1 : 0), month,
      dayOfYear - (marchMonth * 153 + 2) / 5 + 1
    )
  }

  public mutating func merge(from reader: inout JSONReader) throws(DecodingError) {
    guard let timestamp = Timestamp(rfc3339: try reader.readString()) else {
      throw reader.error(.unfitJSON)
    }
    self = timestamp
  }

  public func encode(into writer: inout JSONWriter) {
    guard let text = rfc3339 else {
      return writer.fail(.noJSONForm("a Timestamp of \(seconds) seconds and \(nanos) nanoseconds"))
    }
    writer.write(quoted: text)
  }
}

// MARK: Duration

extension ProtoDuration {
  public static var hasOwnJSONForm: Bool { true }

  public mutating func merge(from reader: inout JSONReader) throws(DecodingError) {
    var text = FixedText(try reader.readString())
    let isNegative = text.take("-")
    guard let (seconds, _) = text.takeDigits(1...12), let nanos = text.takeFraction(),
      text.take("s"), text.isAtEnd
    else { throw reader.error(.unfitJSON) }
    self = ProtoDuration(
      seconds: isNegative ? -seconds : seconds, nanos: isNegative ? -nanos : nanos)
    guard isValid else { throw reader.error(.unfitJSON) }
  }

  public func encode(into writer: inout JSONWriter) {
    guard isValid else {
      return writer.fail(.noJSONForm("a Duration of \(seconds) seconds and \(nanos) nanoseconds"))
    }
    let sign = seconds < 0 || nanos < 0 ? "-" : ""
    writer.write(quoted: "\(sign)\(seconds.magnitude)\(fraction(nanos.magnitude))s")
  }
}
