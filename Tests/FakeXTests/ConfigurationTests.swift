import FakeX
import Foundation
import Testing

@Suite struct Configurations {
  @Test func `what is written is read again`() throws {
    var configuration = Configuration()
    configuration.settings.visitor = Visitor(approves: true, screenName: "bob")
    #expect(try Configuration(json: try configuration.json()) == configuration)
  }

  @Test func `whatever is left out has its default`() throws {
    #expect(try Configuration(json: Data("{}".utf8)) == Configuration())
    let partial = try Configuration(
      json: Data(
        """
        {"apps": [{"name": "A", "key": "k", "secret": "s", "access": "read"}],
         "users": [{"id": 1, "screen_name": "one"}],
         "settings": {"error_format": "hash"}}
        """.utf8))
    #expect(partial.apps == [App(name: "A", key: "k", secret: "s", access: .read)])
    #expect(partial.users == [User(id: 1, screenName: "one", name: "one")])
    var settings = Settings()
    settings.errorFormat = .hash
    #expect(partial.settings == settings)
  }

  @Test func `a wrong type is refused`() {
    #expect(throws: DecodingError.self) { try Configuration(json: Data(#"{"apps": 1}"#.utf8)) }
  }

  @Test func `dates are written as Foundation writes them`() throws {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(identifier: "GMT")
    formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
    var visit = Visit()
    // Every leap day between 1970 and 2400 and the days around it, among others.
    for day in stride(from: 0, to: 157_054, by: 11) {
      visit.now = Int64(day) * 86_400 + Int64(day) % 86_399
      let date = visit.send("GET", "/").headers.first(named: "date")
      let expected = formatter.string(from: Date(timeIntervalSince1970: TimeInterval(visit.now)))
      #expect(date == expected)
    }
  }
}
