import RPC
import Testing

struct TimeoutTests {
  @Test(
    arguments: [
      ("1S", .seconds(1)), ("0m", .zero), ("2M", .seconds(120)), ("3H", .seconds(10_800)),
      ("50m", .milliseconds(50)), ("7u", .microseconds(7)), ("99999999n", .nanoseconds(99_999_999)),
      ("00000001S", .seconds(1)), ("99999999H", Timeout.longest),
    ] as [(String, Duration)])
  func `a timeout is read`(_ text: String, _ duration: Duration) {
    #expect(Timeout.parse(text) == duration)
  }

  @Test(arguments: [
    "", "S", "1", "-1S", "1s", "1X", "1.5S", " 1S", "1 S", "123456789S", "+1S", "1SS",
  ])
  func `anything else is refused`(_ text: String) {
    #expect(Timeout.parse(text) == nil)
  }

  @Test(
    arguments: [
      (.zero, "0n"), (.seconds(-1), "0n"), (.nanoseconds(1), "1n"), (.seconds(1), "1000000u"),
      (.nanoseconds(99_999_999), "99999999n"), (.nanoseconds(100_000_001), "100001u"),
      (.seconds(99_999), "99999000m"), (.seconds(100_000), "100000S"),
      (.seconds(1 << 40), "5256000M"),
    ] as [(Duration, String)])
  func `a duration is written in the finest unit that has room`(
    _ duration: Duration, _ text: String
  ) {
    #expect(Timeout.format(duration) == text)
  }

  @Test func `what is written is read as no less and hardly more`() throws {
    var duration = Duration.nanoseconds(1)
    while duration < Timeout.longest {
      let back = try #require(Timeout.parse(Timeout.format(duration)))
      #expect(back >= duration && back - duration <= max(.nanoseconds(1), duration / 50_000))
      duration = duration * 1.37 + .nanoseconds(1)
    }
  }
}
