internal import HTTP2
internal import Linux
internal import Synchronization

extension EventLoop {
  /// The most jobs run in one turn before descriptors are looked at again: tasks that keep waking
  /// each other must not starve the network.
  private static let jobsPerTurn = 4096
  /// The most turns after shutdown was asked for; what runs longer than this continues on a thread
  /// of its own, so that `shutdown` returns.
  private static let turnsAtEnd = 1000

  /// The body of the loop's thread.
  func runUntilShutDown() {
    owner.store(ThreadID.current.rawValue, ordering: .relaxed)
    blocks.claim()
    while !isStopping { turn(mayWait: true) }
    for resident in residents.values { resident.loopIsEnding() }
    residents.removeAll()
    timers.removeAll()
    while let task = takeIdleTask() { task.dismiss() }
    for _ in 0..<Self.turnsAtEnd where hasWork { turn(mayWait: false) }
    leave()
  }

  private var hasWork: Bool {
    !work.isEmpty || !toFlush.isEmpty || inbox.withLock { !$0.work.isEmpty }
  }

  /// One turn: events, timers, mail, jobs, flushes, in this order.
  private func turn(mayWait: Bool) {
    handleEvents(mayWait: mayWait)
    fireTimers()
    runWork()
    flushAll()
  }

  private func handleEvents(mayWait: Bool) {
    let count: Int
    do throws(SystemError) {
      count = try poller.wait(milliseconds: mayWait ? timeToWait() : 0)
    } catch {
      preconditionFailure("the loop's own descriptor is broken: \(error)")
    }
    turnStart = .now()
    for index in 0..<count {
      let (token, readiness) = poller.event(at: index)
      if token == DescriptorTable.bellToken {
        takeMail()
      } else if let handler = descriptors.handler(for: token) {
        handler(readiness)
      }
    }
    if !mayWait { takeMail() }
  }

  /// Milliseconds until something is due, rounded up so that no timer is early; -1 for never.
  private func timeToWait() -> CInt {
    let now = MonotonicTime.now()
    noteBusyTime(now)
    if !work.isEmpty || !toFlush.isEmpty { return 0 }
    guard let next = timers.nextDeadline else { return -1 }
    let nanoseconds = max(0, next.nanoseconds - now.nanoseconds)
    // At most an hour, so that the sum stays small; waking once too often does no harm.
    return CInt((min(nanoseconds, 3_600_000_000_000) + 999_999) / 1_000_000)
  }

  private func takeMail() {
    let mail = inbox.withLock { inbox -> [Work] in
      inbox.isRung = false
      isStopping = inbox.phase != .running
      defer { inbox.work = [] }
      return inbox.work
    }
    work.append(contentsOf: mail)
  }

  private func fireTimers() {
    guard timers.nextDeadline != nil else { return }
    let now = MonotonicTime.now()
    let end = timers.nextSequence
    // A timer made by one that fires waits for the next turn.
    while let timer = timers.popExpired(at: now, madeBefore: end) { timer.fire() }
  }

  private func runWork() {
    // As a task executor and not as both kinds: the runtime takes a job that runs on a serial
    // executor out of it before it lets a nonisolated function go on, at the price of a second
    // job. Actors stay exclusive all the same, by being on this thread.
    let executor = unsafe asUnownedTaskExecutor()
    for _ in 0..<Self.jobsPerTurn {
      guard let next = work.popFirst() else { return }
      switch next {
      case .job(let job): unsafe job.runSynchronously(on: executor)
      case .closure(let closure): closure()
      }
    }
  }

  private func flushAll() {
    guard !toFlush.isEmpty else { return }
    // What asks to be flushed from here on is flushed in the next turn, which does not wait.
    let objects = toFlush
    toFlush.removeAll(keepingCapacity: true)
    for object in objects { object.flush() }
  }
}

// MARK: - After the end

extension EventLoop {
  /// Gives up the loop's thread; whatever is left, and whatever comes, is late work.
  private func leave() {
    let left = work.removeAll()
    blocks.disclaim()
    owner.store(0, ordering: .relaxed)
    inbox.withLock { inbox in
      inbox.phase = .ended
      inbox.work = left + inbox.work
    }
    runLateWorkIfEnded()
  }

  /// Runs work that came after the end, on a thread made for it and never on two at once.
  func runLateWorkIfEnded() {
    let mustStart = inbox.withLock { inbox -> Bool in
      guard inbox.phase == .ended, !inbox.work.isEmpty, !inbox.isRunningLateWork else {
        return false
      }
      inbox.isRunningLateWork = true
      return true
    }
    guard mustStart else { return }
    do throws(SystemError) {
      _ = try Thread(name: "late loop") { self.runLateWork() }
    } catch {
      // No thread to be had: the caller's will do.
      runLateWork()
    }
  }

  private func runLateWork() {
    owner.store(ThreadID.current.rawValue, ordering: .relaxed)
    blocks.claim()
    while true {
      takeMail()
      while !work.isEmpty { runWork() }
      let isDone = inbox.withLock { inbox -> Bool in
        guard inbox.work.isEmpty else { return false }
        blocks.disclaim()
        owner.store(0, ordering: .relaxed)
        inbox.isRunningLateWork = false
        return true
      }
      if isDone { return }
    }
  }
}
