internal import Linux

extension EventLoop {
  /// One action that a loop will run later, until it is cancelled.
  ///
  /// Confined to the loop that made it.
  public final class Timer {
    let deadline: MonotonicTime
    fileprivate var sequence: UInt64 = 0
    /// Where the heap keeps this timer; nil once it has fired or was cancelled.
    fileprivate var position: Int?
    private var action: (() -> Void)?
    private let loop: EventLoop

    init(loop: EventLoop, deadline: MonotonicTime, action: @escaping () -> Void) {
      self.loop = loop
      self.deadline = deadline
      self.action = action
    }

    /// Makes sure that the action does not run any more.
    ///
    /// Call it on the loop.
    public func cancel() {
      loop.requireInLoop()
      action = nil
      loop.timers.remove(self)
    }

    func fire() {
      let action = self.action
      self.action = nil
      action?()
    }
  }
}

/// The timers of a loop, the earliest first: a binary heap whose members know their place, so that
/// cancelling one (what becomes of nearly every deadline) leaves nothing behind.
struct TimerHeap {
  private var timers: [EventLoop.Timer] = []
  private(set) var nextSequence: UInt64 = 0

  var nextDeadline: MonotonicTime? { timers.first?.deadline }

  mutating func insert(_ timer: EventLoop.Timer) {
    timer.sequence = nextSequence
    nextSequence += 1
    timer.position = timers.count
    timers.append(timer)
    siftUp(from: timers.count - 1)
  }

  mutating func remove(_ timer: EventLoop.Timer) {
    guard let position = timer.position else { return }
    timer.position = nil
    let last = timers.removeLast()
    if last === timer { return }
    place(last, at: position)
    siftUp(from: position)
    siftDown(from: position)
  }

  /// Takes the earliest timer if its time has come and it is older than `sequence`.
  mutating func popExpired(at now: MonotonicTime, madeBefore sequence: UInt64) -> EventLoop.Timer? {
    guard let first = timers.first, first.deadline <= now, first.sequence < sequence else {
      return nil
    }
    remove(first)
    return first
  }

  mutating func removeAll() {
    for timer in timers { timer.position = nil }
    timers.removeAll()
  }

  private func isOrdered(_ first: Int, _ second: Int) -> Bool {
    let (a, b) = (timers[first], timers[second])
    return (a.deadline.nanoseconds, a.sequence) < (b.deadline.nanoseconds, b.sequence)
  }

  private mutating func place(_ timer: EventLoop.Timer, at position: Int) {
    timers[position] = timer
    timer.position = position
  }

  private mutating func swap(_ first: Int, _ second: Int) {
    let timer = timers[first]
    place(timers[second], at: first)
    place(timer, at: second)
  }

  private mutating func siftUp(from start: Int) {
    var child = start
    while child > 0, isOrdered(child, (child - 1) / 2) {
      swap(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  private mutating func siftDown(from start: Int) {
    var parent = start
    while true {
      var child = 2 * parent + 1
      guard child < timers.count else { return }
      if child + 1 < timers.count, isOrdered(child + 1, child) { child += 1 }
      guard isOrdered(child, parent) else { return }
      swap(child, parent)
      parent = child
    }
  }
}
