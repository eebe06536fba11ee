import RPC

/// How calls ended, and how long they took.
struct Tally: Sendable {
  /// More are counted, but their times are not kept.
  private static let keptTimes = 10_000_000

  private(set) var ended = 0
  private var underWay = 0
  private var leftOut = 0
  private var failures = 0
  private var times: [StatusCode: [Duration]] = [:]
  private var counts: [StatusCode: Int] = [:]
  /// How long it took in all.
  var seconds = 0.0

  /// So many calls are due; returns how many were under way, at most so many.
  mutating func begin(_ count: Int, atMost most: Int) -> Int {
    let before = underWay
    let begun = min(count, most - before)
    underWay += begun
    leftOut += count - begun
    return before
  }

  /// Counts from here on what ends.
  mutating func forget() {
    (times, counts, leftOut) = ([:], [:], 0)
  }

  /// A call has ended; returns how many have failed by now.
  mutating func end(_ code: StatusCode, _ time: Duration) -> Int {
    underWay -= 1
    ended += 1
    counts[code, default: 0] += 1
    if ended <= Self.keptTimes { times[code, default: []].append(time) }
    if code != .ok { failures += 1 }
    return failures
  }

  /// One object, with one for each code inside.
  var json: String {
    let codes = counts.sorted { $0.key.rawValue < $1.key.rawValue }.map { code, count in
      let sorted = (times[code] ?? []).sorted()
      let percentiles = [("p50", 0.5), ("p99", 0.99), ("max", 1)].map { name, part in
        let index = min(sorted.count - 1, Int(Double(sorted.count) * part))
        return #""\#(name)": \#(index < 0 ? 0 : sorted[index] / .milliseconds(1))"#
      }
      return #""\#(code)": {"count": \#(count), \#(percentiles.joined(separator: ", "))}"#
    }
    return #"{"seconds": \#(seconds), "left_out": \#(leftOut), "#
      + #""codes": {\#(codes.joined(separator: ", "))}}"#
  }
}
