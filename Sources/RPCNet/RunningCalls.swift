internal import HTTP2
internal import Linux
internal import Net
internal import RPC
internal import Synchronization

/// The calls that one loop has: how many it may have, and which of their handlers still run, so that a
/// server can wait for what it started.
///
/// `@unchecked Sendable`: what is mutable is touched only on the thread of `loop`.
final class RunningCalls: @unchecked Sendable {
  let loop: EventLoop
  private var admission: Admission
  private let limits: CallLimits
  private let refusals: RefusalCounts
  /// Whom to tell of refusals.
  private let refused: (@Sendable (Net.Refusal) -> Void)?
  /// What is kept of requests.
  let kept: KeptBytes
  /// Calls that have begun and not ended, for whoever asks from another thread.
  let underWay = Atomic<Int>(0)
  private var count = 0
  private var whenNone: [() -> Void] = []

  init(
    on loop: EventLoop, _ admission: Admission, _ limits: CallLimits, _ refusals: RefusalCounts,
    _ refused: (@Sendable (Net.Refusal) -> Void)?
  ) {
    self.loop = loop
    self.admission = admission
    self.limits = limits
    self.refusals = refusals
    self.refused = refused
    kept = KeptBytes(limit: limits.requestBytesPerConnection)
  }

  /// What becomes of a call that has come.
  enum Beginning {
    /// It goes on, and `ended` follows.
    case taken(as: Kind)
    /// It is turned away with this.
    case shed(ShedCall)
  }

  /// As what a call counts.
  enum Kind { case usual, exempt }

  /// A call has come.
  func begin(_ head: RequestHead, on connection: Connection) -> Beginning {
    if admission.isExempt(head.method.path) {
      if admission.hasExemptRoom(work: connection.exemptWork) {
        admission.exemptBegan()
        connection.exemptWork += 1
        underWay.wrappingAdd(1, ordering: .relaxed)
        return .taken(as: .exempt)
      }
      if head.method.kind != .unary { return shed(.tooManyExemptCalls, head, connection) }
    }
    let (turn, busy) = (loop.now.nanoseconds, loop.busyTime)
    if let reason = admission.refusal(work: connection.work, turn: turn, busy: busy) {
      return shed(reason, head, connection)
    }
    admission.began()
    connection.work += 1
    underWay.wrappingAdd(1, ordering: .relaxed)
    return .taken(as: .usual)
  }

  private func shed(
    _ reason: RefusalReason, _ head: RequestHead, _ connection: Connection
  ) -> Beginning {
    refuse(reason, on: connection)
    return .shed(ShedCall(reason, timeLeft: head.timeout))
  }

  /// A call is over: its stream is gone, and no handler of it runs any more.
  func ended(_ kind: Kind, _ connection: Connection) {
    underWay.wrappingSubtract(1, ordering: .relaxed)
    switch kind {
    case .usual:
      admission.ended()
      connection.work -= 1
    case .exempt:
      admission.exemptEnded()
      connection.exemptWork -= 1
    }
  }

  /// Whether a request that was begun at `start` should be there by now; counted if so.
  func isOverdue(since start: MonotonicTime, _ now: MonotonicTime, on connection: Connection)
    -> Bool
  {
    guard let limit = limits.timeToFinishRequest, start.duration(to: now) >= limit else {
      return false
    }
    refuse(.slowSender, on: connection)
    return true
  }

  /// Counts each, and tells of the first one of a connection.
  private func refuse(_ reason: RefusalReason, on connection: Connection) {
    refusals.count(reason)
    if let refused, let refusal = connection.firstRefusal(reason) { refused(refusal) }
  }

  /// A handler starts.
  func started() { count += 1 }

  /// A handler has returned.
  func finished() {
    count -= 1
    guard count == 0, !whenNone.isEmpty else { return }
    let actions = whenNone
    whenNone = []
    for action in actions { action() }
  }

  /// A handler that does not heed its cancellation is waited for no longer than `limit`.
  func waitUntilNone(atMost limit: Duration) async {
    await withCheckedContinuation { continuation in
      loop.execute {
        guard self.count > 0 else { return continuation.resume() }
        var waiting: CheckedContinuation<Void, Never>? = continuation
        let resume = {
          waiting?.resume()
          waiting = nil
        }
        self.whenNone.append(resume)
        self.loop.schedule(after: limit, resume)
      }
    }
  }
}

/// A call that is turned away before anything is done for it.
struct ShedCall {
  /// What the client learns.
  let error: RPCError
  private let block: HeaderBlock

  /// - Parameter timeLeft: how long the client waits; nil for ever.
  init(_ reason: RefusalReason, timeLeft: Duration?) {
    var answers =
      switch reason {
      case .tooManyCallsOfPeer: Self.tooManyCalls
      case .tooManyExemptCalls: Self.tooManyExemptCalls
      default: Self.overloaded
      }
    if let timeLeft, timeLeft < answers.pause { answers = Self.tooLate }
    // There are some.
    (error, block) = answers.all.randomElement() ?? (RPCError(.unavailable, ""), HeaderBlock())
  }

  /// Answers a call of gRPC, and lets what is left of the request pass.
  func answer(_ stream: Stream) -> any StreamHandler {
    stream.sendHeaders(block, endStream: true)
    return Ignoring()
  }

  private static let overloaded = Answers(
    RPCError(.unavailable, "the server has too much to do"), pauses: 100...900)
  private static let tooManyCalls = Answers(
    RPCError(.resourceExhausted, "this connection has too many calls under way"), pauses: 50...150)
  private static let tooManyExemptCalls = Answers(
    RPCError(.resourceExhausted, "too many watch this server"), pauses: 100...900)
  /// Whoever would have to come back later than it waits is out of time: thousands of calls that run
  /// out of it together all say so.
  private static let tooLate = Answers(.deadlineExceeded)

  /// The same answer with pauses of all lengths, made once: those who are turned away together are
  /// not to come back together.
  private struct Answers {
    /// The shortest there is.
    let pause: Duration
    /// For calls of any protocol, and what those of gRPC are sent.
    let all: [(error: RPCError, block: HeaderBlock)]

    init(_ error: RPCError, pauses: ClosedRange<Int>) {
      pause = .milliseconds(pauses.lowerBound)
      all = stride(from: pauses.lowerBound, through: pauses.upperBound, by: 25).map {
        var error = error
        error.metadata = ["grpc-retry-pushback-ms": .text("\($0)")]
        return (error, Self.block(error))
      }
    }

    /// Without a pause.
    init(_ error: RPCError) {
      pause = .zero
      all = [(error, Self.block(error))]
    }

    private static func block(_ error: RPCError) -> HeaderBlock {
      var block = HeaderBlock([":status": "200", "content-type": "application/grpc"])
      error.append(to: &block)
      return block
    }
  }

  /// Follows a stream that has been answered.
  private final class Ignoring: StreamHandler {
    func receivedHeaders(_ headers: HeaderBlock, endStream: Bool) {}
    func receivedData(_ bytes: Span<UInt8>, endStream: Bool) {}
    func receivedTrailers(_ trailers: HeaderBlock) {}
    func becameWritable() {}
    func closed(_ code: ErrorCode, connectionLost: Bool) {}
  }
}
