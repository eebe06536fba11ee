internal import Foundation
internal import Protobuf

extension Timestamp {
  /// RFC 3339 in UTC, to the second: `2026-11-24T10:07:25Z`.
  var text: String {
    Date(timeIntervalSince1970: TimeInterval(seconds)).formatted(.iso8601)
  }

  /// So many days from now.
  init(daysFromNow days: Int64) {
    self.init()
    seconds = Int64(Date().timeIntervalSince1970) + days * 86_400
  }

  /// How long from now until then; zero if it is past.
  var remaining: Duration {
    let left = TimeInterval(seconds) - Date().timeIntervalSince1970
    return .seconds(max(0, left))
  }
}
