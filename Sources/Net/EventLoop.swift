internal import HTTP2
public import Linux
internal import Synchronization

/// One thread that waits for descriptors, timers and jobs, and runs whatever became ready.
///
/// It is also the executor of all that belongs to its connections: a task started with
/// `Task(executorPreference: loop)`, and an actor whose `unownedExecutor` is the loop, run on this
/// thread and nowhere else, so they may use loop-confined objects without waiting.
///
/// One turn of the loop is: collect events, let their handlers read everything there is, run expired
/// timers, run all jobs that this woke, and only then flush each object that asked for it, once.
///
/// Whoever makes a loop shuts it down; until then its thread keeps it alive.
///
/// `@unchecked Sendable`: all stored state is immutable, guarded by `inbox`, or touched only by the
/// thread in `owner`, which every member that touches it checks.
@safe
public final class EventLoop: TaskExecutor, SerialExecutor, @unchecked Sendable {
  /// What other threads leave for the loop.
  struct Inbox {
    enum Phase { case running, stopping, ended }
    var phase = Phase.running
    var work: [Work] = []
    /// The bell has been rung for `work`, and the loop has not looked yet.
    var isRung = false
    /// A thread is running the work that came after the end.
    var isRunningLateWork = false
  }

  let inbox = Mutex(Inbox())
  /// Taken by whoever joins it.
  private let thread = Mutex<Thread?>(nil)
  let bell: EventCounter
  /// The thread that may touch what is below, as a `ThreadID`; 0 while there is none.
  let owner = Atomic<UInt>(0)

  var poller: Epoll
  var descriptors = DescriptorTable()
  var timers = TimerHeap()
  var work = WorkQueue()
  var toFlush: [any Flushable] = []
  var residents: [ObjectIdentifier: any LoopResident] = [:]
  var buffers = Buffers()
  /// Where the connections' sessions take their memory from.
  let blocks = BlockPool()
  /// The task that waits for work since the shortest time; it knows the next one.
  var idleTask: LoopTask?
  var idleTaskCount = 0
  /// The next job that is enqueued is put into `jobAside` and not queued.
  var takesJobAside = false
  var jobAside: UnownedJob?
  var isStopping = false
  /// When this turn began.
  var turnStart = MonotonicTime.now()
  /// How long the turn before it worked, waiting not included, in nanoseconds.
  package private(set) var busyTime: Int64 = 0

  /// Starts the thread, visible as `name` in `ps -L`.
  public init(name: String = "loop") throws(SystemError) {
    bell = try EventCounter()
    poller = try Epoll()
    // Edge-triggered: every ring is an event of its own, so the counter is never read back.
    try poller.add(bell.raw, for: [.readable, .onChange], token: DescriptorTable.bellToken)
    try thread.withLock { thread throws(SystemError) in
      thread = try Thread(name: name) { self.runUntilShutDown() }
    }
  }

  /// Whether the caller runs on this loop, and so may touch what is confined to it.
  public var inLoop: Bool { owner.load(ordering: .relaxed) == ThreadID.current.rawValue }

  /// Traps unless the caller runs on this loop.
  public func requireInLoop() {
    precondition(inLoop, "an object confined to its event loop was touched from outside of it")
  }

  /// Runs `job` on the loop, after all jobs that are waiting already.
  public func execute(_ job: @escaping @Sendable () -> Void) {
    add(.closure(job))
  }

  /// Runs `body` on the loop and returns what it returned; at once if the caller is there already.
  public func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    if inLoop { return body() }
    return await withCheckedContinuation { continuation in
      execute { continuation.resume(returning: body()) }
    }
  }

  /// Ends the loop and joins its thread.
  ///
  /// Connections and listeners close and tell their owners, jobs that are waiting still run (for a
  /// bounded number of turns), timers that have not fired never do. A job that arrives later, such
  /// as the rest of a task that waited for something else, still runs, alone, on a thread made for
  /// it: nothing that was promised to run is lost. Blocks; never call it on the loop itself.
  /// Calling it again does nothing.
  public func shutdown() {
    precondition(!inLoop, "a loop cannot wait for its own end")
    inbox.withLock { if $0.phase == .running { $0.phase = .stopping } }
    bell.ring()
    let thread = thread.withLock { $0.take() }
    thread?.join()
  }
}

// MARK: - Executor

extension EventLoop {
  /// Takes a job of the Swift runtime.
  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    guard inLoop, takesJobAside else { return add(.job(job)) }
    takesJobAside = false
    jobAside = job
  }

  /// The loop as the executor that an actor returns.
  public func asUnownedSerialExecutor() -> UnownedSerialExecutor {
    unsafe UnownedSerialExecutor(ordinary: self)
  }

  /// Lets `assumeIsolated` of actors on this loop succeed exactly on its thread.
  public func checkIsolated() { requireInLoop() }

  private func add(_ item: Work) {
    if inLoop { return work.append(item) }
    let mustRing = inbox.withLock { inbox -> Bool in
      inbox.work.append(item)
      if inbox.phase == .ended { return false }
      defer { inbox.isRung = true }
      return !inbox.isRung
    }
    if mustRing { bell.ring() } else { runLateWorkIfEnded() }
  }
}

// MARK: - What is confined to the loop

extension EventLoop {
  /// When this turn of the loop began: the time for everything that happens in it.
  public var now: MonotonicTime {
    requireInLoop()
    return turnStart
  }

  /// The turn is over.
  func noteBusyTime(_ now: MonotonicTime) { busyTime = now.nanoseconds - turnStart.nanoseconds }

  /// Runs `action` on the loop once `delay` has passed, never earlier.
  ///
  /// Call it on the loop. The delay counts from the moment of the call, not from the turn: a handler
  /// that ran long must not shorten the wait.
  @discardableResult
  public func schedule(after delay: Duration, _ action: @escaping () -> Void) -> Timer {
    schedule(at: MonotonicTime.now().advanced(by: max(delay, .zero)), action)
  }

  /// Runs `action` on the loop at `deadline`, never earlier.
  ///
  /// Call it on the loop. Timers fire in the order of their times, those for the same time in the
  /// order they were made. What is due already fires in the next turn.
  @discardableResult
  public func schedule(at deadline: MonotonicTime, _ action: @escaping () -> Void) -> Timer {
    requireInLoop()
    let timer = Timer(loop: self, deadline: deadline, action: action)
    timers.insert(timer)
    return timer
  }

  /// Calls `handler` whenever `descriptor` is ready for what `interest` names.
  ///
  /// Call it on the loop.
  ///
  /// The descriptor stays the caller's: remove the registration, then close it.
  public func register(
    descriptor: CInt, for interest: Readiness, _ handler: @escaping (Readiness) -> Void
  ) throws(SystemError) -> Registration {
    requireInLoop()
    let registration = descriptors.insert(descriptor, handler)
    do throws(SystemError) {
      try poller.add(descriptor, for: interest, token: registration.token)
    } catch {
      descriptors.remove(registration)
      throw error
    }
    return registration
  }

  /// Changes what `registration` is called for.
  ///
  /// Call it on the loop.
  public func modify(_ registration: Registration, for interest: Readiness) throws(SystemError) {
    requireInLoop()
    guard let descriptor = descriptors.descriptor(of: registration) else { return }
    try poller.modify(descriptor, for: interest, token: registration.token)
  }

  /// Forgets `registration`; its handler is not called again, not even for events of this turn.
  ///
  /// Does nothing if it was removed before. Call it on the loop.
  public func remove(_ registration: Registration) {
    requireInLoop()
    guard let descriptor = descriptors.remove(registration) else { return }
    // A descriptor that its owner closed too early has left the set by itself.
    try? poller.remove(descriptor)
  }

  /// Has `object` flushed at the end of this turn, after all jobs.
  ///
  /// Ask once per turn.
  func flushAtEndOfTurn(_ object: any Flushable) { toFlush.append(object) }

  /// Whether the residents have been told that the loop ends, or are about to be.
  ///
  /// Timers and descriptors registered from then on are never heard of again.
  public var isEnding: Bool {
    requireInLoop()
    return isStopping
  }

  /// Tells `object` when the loop ends, and keeps it alive until then or until it leaves.
  public func add(_ object: any LoopResident) {
    requireInLoop()
    residents[ObjectIdentifier(object)] = object
  }

  /// Forgets an object that was added.
  public func remove(_ object: any LoopResident) {
    requireInLoop()
    residents[ObjectIdentifier(object)] = nil
  }
}

/// Something that lives on a loop and has to let go of what it holds when the loop ends.
public protocol LoopResident: AnyObject {
  /// Called once, on the loop, before its last turns. Fail what is pending, close what is open.
  func loopIsEnding()
}

/// Something that collects output during a turn and writes it once at the end.
protocol Flushable: AnyObject {
  func flush()
}
