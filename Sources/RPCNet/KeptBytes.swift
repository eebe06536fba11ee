internal import Net

/// How much is kept of requests that are under way, for each connection of one loop.
///
/// Touched only on that loop.
final class KeptBytes {
  private let limit: Int
  private var counts: [ObjectIdentifier: Int] = [:]

  /// At most `limit` bytes for one connection.
  init(limit: Int) { self.limit = limit }

  /// One call keeps `new` bytes, and no longer `old`; false, and nothing has changed, if that is
  /// too much for its connection.
  func change(from old: Int, to new: Int, for connection: Connection) -> Bool {
    let id = ObjectIdentifier(connection)
    let count = counts[id, default: 0] - old + new
    guard count <= limit || new <= old else { return false }
    counts[id] = count == 0 ? nil : count
    return true
  }
}
