/// The `Date` of RFC 9110, 5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`.
enum HTTPDate {
  private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// The nearest time that can be written: the year has four digits.
  static func clamp(_ seconds: Int64) -> Int64 { max(0, min(seconds, 253_402_300_799)) }

  /// Formats seconds since 1970.
  static func format(_ seconds: Int64) -> String {
    let (day, second) = Int(clamp(seconds)).quotientAndRemainder(dividingBy: 86_400)
    let date = civil(day)
    let time = [second / 3600, second / 60 % 60, second % 60].map(twoDigits)
    return "\(days[day % 7]), \(twoDigits(date.day)) \(months[date.month - 1]) \(date.year) "
      + "\(time.joined(separator: ":")) GMT"
  }

  /// The Gregorian date of a day since 1970, counted in years that begin in March so that the leap
  /// day comes last (Howard Hinnant, "chrono-compatible low-level date algorithms").
  private static func civil(_ day: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = day + 719_468
    let (era, dayOfEra) = shifted.quotientAndRemainder(dividingBy: 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    return (
      yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month,
      dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    )
  }

  private static func twoDigits(_ number: Int) -> String {
    number < 10 ? "0\(number)" : "\(number)"
  }
}
