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

  /// How long a loop may be busy with one turn before it counts as overloaded: the calls which came
  /// meanwhile have waited for as long.
  ///
  /// Half a second is more than any burst takes that can be worked off.
  public var busyTurn = Duration.milliseconds(500)

  /// How long the turns of an overloaded loop are to take: it takes on no more calls in one than it
  /// can do in that time.
  ///
  /// Whoever is turned away has waited for one turn, whoever is not for two: not to be felt.
  public var overloadedTurn = Duration.milliseconds(20)

  /// How long nobody must have been turned away before a loop counts as overloaded no more.
  ///
  /// Shorter than anybody waits who was told to come back.
  public var calmTime = Duration.seconds(1)

  /// Methods that are not turned away because of others, by their paths: those by which a server is
  /// watched.
  ///
  /// They do not count as calls either: anybody may make them.
  public var exempt: [String] = []

  /// Calls of such methods under way: what watches one server, and room for some who should not.
  ///
  /// Beyond it streams are refused, and what has one response has to find room beside all others.
  public var exemptCalls = 1_000

  /// The same of one connection: one watches a few services at most.
  public var exemptCallsPerConnection = 4

  /// The defaults above.
  public init() {}
}

/// Which calls one loop takes on.
///
/// A turn is one round over all connections. Once one took far too long, each takes on only as many
/// calls as fit into a short one, until for a while fewer have come than do fit.
package struct Admission {
  private let limits: AdmissionLimits
  /// This loop's part of all calls.
  private let share: Int
  private let exemptShare: Int
  private let busyTurn: Int64
  private let overloadedTurn: Int64
  private let calmTime: Int64
  private var underWay = 0
  private var exemptUnderWay = 0
  /// The turn that the following three are about.
  private var turn = Int64.min
  private var taken = 0
  private var shed = 0
  /// How many calls a turn may take on; nil while the loop is not overloaded.
  private var budget: Int?
  /// The last turn that turned somebody away.
  private var lastShed = Int64.min

  /// The part that one of so many loops has in the limits of a server.
  package init(_ limits: AdmissionLimits, loops: Int) {
    self.limits = limits
    share = max(1, limits.calls / max(1, loops))
    exemptShare = max(1, limits.exemptCalls / max(1, loops))
    busyTurn = Self.nanoseconds(limits.busyTurn)
    overloadedTurn = Self.nanoseconds(limits.overloadedTurn)
    calmTime = Self.nanoseconds(limits.calmTime)
  }

  private static func nanoseconds(_ duration: Duration) -> Int64 {
    let (seconds, attoseconds) = min(duration, .seconds(3600)).components
    return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
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
    guard let budget, taken >= budget else { return nil }
    shed += 1
    lastShed = turn
    return .overloaded
  }

  /// Whether a method is not turned away because of others.
  package func isExempt(_ path: String) -> Bool {
    limits.exempt.contains {
      $0.utf8.count == path.utf8.count && $0.utf8.elementsEqual(path.utf8)
    }
  }

  /// Whether there is room for a call of such a method.
  ///
  /// - Parameter work: how many its connection has under way.
  package func hasExemptRoom(work: Int) -> Bool {
    work < limits.exemptCallsPerConnection && exemptUnderWay < exemptShare
  }

  /// A call of such a method has been taken on.
  package mutating func exemptBegan() { exemptUnderWay += 1 }

  /// A call of such a method is over.
  package mutating func exemptEnded() { exemptUnderWay -= 1 }

  /// A call has been taken on.
  package mutating func began() {
    taken += 1
    underWay += 1
  }

  /// A call is over.
  package mutating func ended() { underWay -= 1 }

  private mutating func begin(_ turn: Int64, _ busy: Int64) {
    defer { (self.turn, taken, shed) = (turn, 0, 0) }
    guard let budget else {
      if busy > busyTurn {
        lastShed = turn
        self.budget = fitting(busy)
      }
      return
    }
    if busy > overloadedTurn {
      self.budget = fitting(busy)
    } else if turn - lastShed > calmTime {
      self.budget = nil
    } else if shed > 0 {
      // There was time left: try a few more.
      self.budget = budget + budget / 8 + 1
    }
  }

  /// How many of the calls of a turn that was busy for so long would have fitted into a short one.
  ///
  /// A tenth of what came even so: the turn may have been slow for another reason.
  private func fitting(_ busy: Int64) -> Int {
    max(1, taken / 10, Int(Int64(taken) * overloadedTurn / max(1, busy)))
  }
}

extension RefusalReason {
  /// A connection has too many calls under way.
  package static let tooManyCallsOfPeer = RefusalReason(rawValue: "too_many_calls_of_connection")
  /// The server has too many calls under way.
  package static let tooManyCalls = RefusalReason(rawValue: "too_many_calls")
  /// There are too many calls under way that need no room beside others.
  package static let tooManyExemptCalls = RefusalReason(rawValue: "too_many_exempt_calls")
  /// A request was begun and not finished in time.
  package static let slowSender = RefusalReason(rawValue: "slow_sender")
  /// A loop has more to do than it can.
  package static let overloaded = RefusalReason(rawValue: "overloaded")
}
