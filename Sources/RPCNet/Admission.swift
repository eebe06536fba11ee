package import Net

/// How much a server takes on before it turns calls away, so that those which it takes are answered
/// in time.
///
/// Every number has its reason beside it.
public struct AdmissionLimits: Sendable, Hashable {
  /// Calls of one connection under way, handlers of streams that the peer has reset included: as many
  /// as it may have streams, or else it could start work without end (CVE-2025-8671).
  public var callsPerConnection = 100

  /// Calls of all connections under way: each holds a task and a message, some ten kilobytes.
  public var calls = 10_000

  /// How long a loop may be busy with one turn before it takes on no more in one than it can do in
  /// that time: the calls which came meanwhile have waited for as long.
  ///
  /// Half a second is more than any burst takes that can be worked off.
  public var busyTurn = Duration.milliseconds(500)

  /// Methods that are never turned away, by their paths: those by which a server is watched.
  public var exempt: [String] = []

  /// The defaults above.
  public init() {}
}

/// Which calls one loop takes on.
///
/// A turn is one round over all connections. When one took too long, the next takes on only as many
/// calls as would have fitted, and so on until fewer come than do fit.
package struct Admission {
  private let limits: AdmissionLimits
  /// This loop's part of all calls.
  private let share: Int
  private let busyTurn: Int64
  private var underWay = 0
  /// The turn that the following three are about.
  private var turn = Int64.min
  private var taken = 0
  private var shed = 0
  /// How many calls a turn may take on.
  private var budget = Int.max

  /// The part that one of so many loops has in the limits of a server.
  package init(_ limits: AdmissionLimits, loops: Int) {
    self.limits = limits
    share = max(1, limits.calls / max(1, loops))
    let (seconds, attoseconds) = min(limits.busyTurn, .seconds(3600)).components
    busyTurn = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
  }

  /// Why a call cannot be taken on; nil if it can.
  ///
  /// - Parameters:
  ///   - work: what its connection has under way.
  ///   - turn: when the turn of the loop began, in nanoseconds.
  ///   - busy: how long the turn before it worked.
  package mutating func refusal(work: Int, turn: Int64, busy: Int64) -> RefusalReason? {
    if turn != self.turn { begin(turn, busy) }
    if work >= limits.callsPerConnection { return .tooManyCallsOfPeer }
    if underWay >= share { return .tooManyCalls }
    if taken < budget { return nil }
    shed += 1
    return .overloaded
  }

  /// Whether a method is never turned away.
  package func isExempt(_ path: String) -> Bool {
    limits.exempt.contains { $0.utf8.elementsEqual(path.utf8) }
  }

  /// A call has been taken on.
  package mutating func began() {
    taken += 1
    underWay += 1
  }

  /// A call is over.
  package mutating func ended() { underWay -= 1 }

  private mutating func begin(_ turn: Int64, _ busy: Int64) {
    defer { (self.turn, taken, shed) = (turn, 0, 0) }
    if busy > busyTurn {
      // A tenth of what came is taken on even so: the turn may have been slow for another reason.
      let fitting = Int64(taken) * busyTurn / max(1, busy)
      budget = max(1, taken / 10, Int(fitting))
    } else if shed == 0 {
      budget = .max
    } else {
      // There was time left: try a few more.
      budget += budget / 8 + 1
    }
  }
}

extension RefusalReason {
  /// A connection has too many calls under way.
  package static let tooManyCallsOfPeer = RefusalReason(rawValue: "too_many_calls_of_connection")
  /// The server has too many calls under way.
  package static let tooManyCalls = RefusalReason(rawValue: "too_many_calls")
  /// A loop has more to do than it can.
  package static let overloaded = RefusalReason(rawValue: "overloaded")
}
