internal import LinkAPI
internal import OpenSSL
internal import Protobuf
internal import Store

/// When linkd asks the provider about an account by itself: once a UTC day, each account at a
/// second of its own.
///
/// X counts reads by the UTC day, and an account that has died is to be noticed within one. The
/// second follows from the account's key, so that the load is spread evenly and a restart does not
/// gather it.
struct CheckSchedule {
  static let secondsPerDay: Int64 = 86_400

  /// The day, counted from 1970.
  let day: Int64
  private let second: Int64

  init(at now: Timestamp) {
    day = now.day
    second = now.seconds - day * Self.secondsPerDay
  }

  /// Whether the account is to be asked about now.
  func isDue(_ record: AccountRecord, at key: Key) -> Bool {
    // A revoked token does not come back; linking again gives another one.
    guard let account = record.account, account.state != .revoked else { return false }
    let checked = account.checkTime.map { $0.day } ?? .min
    return record.checkDay < day && checked < day && second >= Self.slot(of: key)
  }

  /// The account's second of the day.
  static func slot(of key: Key) -> Int64 {
    let bits = Digest.sha256(key.bytes).prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return Int64(bits % UInt64(secondsPerDay))
  }
}

extension Timestamp {
  /// The UTC day, counted from 1970.
  fileprivate var day: Int64 { max(0, seconds) / CheckSchedule.secondsPerDay }
}
