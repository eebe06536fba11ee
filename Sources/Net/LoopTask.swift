/// Asynchronous work that is done on a loop.
package protocol LoopWork: AnyObject, Sendable {
  /// Does the work, in a task that prefers the loop as its executor.
  ///
  /// The task may have done other work before and may do more afterwards.
  func run() async
}

/// A task that does one piece of work after the other, so that a piece that never waits costs little
/// more than a call.
///
/// A task of its own for each call, made, queued and torn down, took an eighth of the time of the
/// call. A task that has been cancelled is not used again.
///
/// `@unchecked Sendable`: touched only on the thread of `loop`. `@safe`: a continuation is taken out
/// before it is resumed.
@safe
package final class LoopTask: @unchecked Sendable {
  private let loop: EventLoop
  /// What is being done.
  private var current: (any LoopWork)?
  private var task: Task<Void, Never>?
  /// The task waits here between two pieces.
  private var whenStarted: UnsafeContinuation<Void, Never>?
  private var isCancelled = false
  /// Waits for work, too, and for longer.
  fileprivate var nextIdle: LoopTask?

  fileprivate init(on loop: EventLoop) { self.loop = loop }

  /// Begins the work: `atOnce`, it is done up to its first wait before this returns.
  ///
  /// Once only for each time that the loop has given the task out.
  package func start(_ work: any LoopWork, atOnce: Bool) {
    loop.requireInLoop()
    precondition(current == nil, "a task does one thing at a time")
    current = work
    if atOnce { loop.runAtOnce(resume) } else { resume() }
  }

  /// Cancels the work, unless the task has long gone on to something else.
  package func cancel(_ work: any LoopWork) {
    loop.requireInLoop()
    guard current === work else { return }
    isCancelled = true
    task?.cancel()
  }

  /// Lets a task end that waits for work.
  func dismiss() { resume() }

  private func resume() {
    guard let waiting = unsafe whenStarted.take() else {
      return task = Task(executorPreference: loop) { await self.runAll() }
    }
    unsafe waiting.resume()
  }

  private func runAll() async {
    while let work = current {
      await work.run()
      current = nil
      guard !isCancelled, loop.keep(self) else { break }
      await unsafe withUnsafeContinuation { unsafe whenStarted = $0 }
    }
    task = nil
  }
}

extension EventLoop {
  /// Tasks that wait for work, at most: what one connection has under way by default.
  ///
  /// Each takes about a kilobyte.
  private static let mostIdleTasks = 100

  /// A task that has nothing to do.
  package func taskForWork() -> LoopTask {
    requireInLoop()
    return takeIdleTask() ?? LoopTask(on: self)
  }

  func takeIdleTask() -> LoopTask? {
    guard let task = idleTask else { return nil }
    idleTask = task.nextIdle
    task.nextIdle = nil
    idleTaskCount -= 1
    return task
  }

  /// Takes a task back, unless there are enough.
  fileprivate func keep(_ task: LoopTask) -> Bool {
    guard !isStopping, idleTaskCount < Self.mostIdleTasks else { return false }
    task.nextIdle = idleTask
    idleTask = task
    idleTaskCount += 1
    return true
  }

  /// Runs the job that `resume` enqueues here instead of queueing it.
  fileprivate func runAtOnce(_ resume: () -> Void) {
    takesJobAside = true
    resume()
    takesJobAside = false
    guard let job = jobAside.take() else { return }
    unsafe job.runSynchronously(on: asUnownedTaskExecutor())
  }
}
