import Net
import Synchronization
import Testing

struct LoopTaskTests {
  @Test func `work that waits for nothing is done before the start of it returns`() async throws {
    let loop = try EventLoop()
    let work = Work()
    let states = await loop.run { () -> [Work.State] in
      let before = work.state
      loop.taskForWork().start(work, atOnce: true)
      return [before, work.state]
    }
    #expect(states == [.waiting, .done(isCancelled: false)])
    loop.shutdown()
  }

  @Test func `work that is not to be done at once is done later in the turn`() async throws {
    let loop = try EventLoop()
    let work = Work()
    let state = await loop.run { () -> Work.State in
      loop.taskForWork().start(work, atOnce: false)
      return work.state
    }
    #expect(state == .waiting)
    #expect(await work.end() == .done(isCancelled: false))
    loop.shutdown()
  }

  @Test func `a task is used again, and only the work it does is cancelled`() async throws {
    let loop = try EventLoop()
    let (first, second) = (Work(), Work(waits: true))
    await loop.run {
      let task = loop.taskForWork()
      task.start(first, atOnce: true)
      #expect(loop.taskForWork() === task)
      task.start(second, atOnce: true)
      task.cancel(first)
    }
    #expect(second.state == .began)
    second.goOn()
    #expect(await second.end() == .done(isCancelled: false))
    loop.shutdown()
  }

  @Test func `a task that was cancelled is not used again`() async throws {
    let loop = try EventLoop()
    let (first, second) = (Work(waits: true), Work())
    let task = await loop.run { () -> LoopTask in
      let task = loop.taskForWork()
      task.start(first, atOnce: true)
      task.cancel(first)
      return task
    }
    first.goOn()
    #expect(await first.end() == .done(isCancelled: true))
    await loop.run {
      let other = loop.taskForWork()
      #expect(other !== task)
      other.start(second, atOnce: true)
    }
    #expect(second.state == .done(isCancelled: false))
    loop.shutdown()
  }

  @Test func `a loop that ends lets its idle tasks end, too`() async throws {
    let loop = try EventLoop()
    let task = await loop.run { () -> Weak in
      let task = loop.taskForWork()
      task.start(Work(), atOnce: true)
      return Weak(task)
    }
    #expect(task.object != nil)
    loop.shutdown()
    #expect(task.object == nil)
  }
}

/// Work that may wait until it is told to go on.
private final class Work: LoopWork {
  enum State: Equatable {
    case waiting, began
    case done(isCancelled: Bool)
  }

  private let shared = Mutex(State.waiting)
  private let waits: Bool
  private let (mayGoOn, goesOn) = AsyncStream.makeStream(of: Void.self)
  private let (ends, ended) = AsyncStream.makeStream(of: State.self)

  init(waits: Bool = false) { self.waits = waits }

  var state: State { shared.withLock { $0 } }

  func run() async {
    shared.withLock { $0 = .began }
    // Not on this task, whose cancellation would end the wait.
    if waits { await Task { [mayGoOn] in for await _ in mayGoOn { return } }.value }
    let end = State.done(isCancelled: Task.isCancelled)
    shared.withLock { $0 = end }
    ended.yield(end)
  }

  func goOn() { goesOn.yield() }

  /// How it ended, once it has.
  func end() async -> State? {
    for await state in ends { return state }
    return nil
  }
}

private final class Weak: Sendable {
  private let box: Mutex<Holder>
  private struct Holder { weak var object: LoopTask? }
  init(_ object: LoopTask) { box = Mutex(Holder(object: object)) }
  var object: LoopTask? { box.withLock { $0.object } }
}
