/// The date of an HTTP header (RFC 9110 section 5.6.7), in seconds since 1970.
///
/// Only `Sun, 06 Nov 1994 08:49:37 GMT`, the form that servers must send. Who sends one of the two
/// obsolete forms gets no clock comparison.
enum HTTPDate {
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  static func seconds(_ text: String) -> Int64? {
    let parts = text.split(separator: " ", omittingEmptySubsequences: false)
    guard parts.count == 6, parts[0].utf8.count == 4, parts[0].hasSuffix(","), parts[5] == "GMT",
      let day = number(parts[1], 2, 1...31), let year = number(parts[3], 4, 1970...9999),
      let month = months.firstIndex(of: String(parts[2]))
    else { return nil }
    let clock = parts[4].split(separator: ":", omittingEmptySubsequences: false)
    guard clock.count == 3, let hour = number(clock[0], 2, 0...23),
      let minute = number(clock[1], 2, 0...59),
      // A leap second has number 60.
      let second = number(clock[2], 2, 0...60)
    else { return nil }
    return days(year, Int64(month) + 1, day) * 86_400 + hour * 3_600 + minute * 60 + second
  }

  private static func number(
    _ text: Substring, _ digits: Int, _ range: ClosedRange<Int64>
  ) -> Int64? {
    guard text.utf8.count == digits, text.utf8.allSatisfy(\.isDigit), let value = Int64(text),
      range.contains(value)
    else { return nil }
    return value
  }

  /// Days since 1970 in the Gregorian calendar.
  ///
  /// Years are counted from March, so that the leap day is the last of one.
  private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let marchYear = month > 2 ? year : year - 1
    let marchMonth = (month + 9) % 12
    let leapDays = marchYear / 4 - marchYear / 100 + marchYear / 400
    // 719,468 days from 1 March of the year 0 to 1 January 1970.
    return marchYear * 365 + leapDays + (153 * marchMonth + 2) / 5 + day - 1 - 719_468
  }
}
