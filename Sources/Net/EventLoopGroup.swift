public import Linux
internal import Synchronization

/// The loops of a process, one per core as a rule.
///
/// They share nothing.
public final class EventLoopGroup: Sendable {
  /// All of them, in a fixed order.
  public let loops: [EventLoop]
  private let turn = Atomic<Int>(0)

  /// Starts `count` loops, at least one.
  public init(count: Int) throws(SystemError) {
    var loops: [EventLoop] = []
    do throws(SystemError) {
      for index in 0..<max(1, count) { loops.append(try EventLoop(name: "loop-\(index)")) }
    } catch {
      for loop in loops { loop.shutdown() }
      throw error
    }
    self.loops = loops
  }

  /// The loops in turn, for work that may go to any of them.
  public func next() -> EventLoop {
    let index = turn.wrappingAdd(1, ordering: .relaxed).oldValue
    return loops[Int(UInt(bitPattern: index) % UInt(loops.count))]
  }

  /// Shuts all of them down, one after the other.
  ///
  /// Blocks, as `EventLoop.shutdown` does.
  public func shutdown() {
    for loop in loops { loop.shutdown() }
  }
}
