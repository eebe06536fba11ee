import Foundation
import Protobuf
import RPC
import RPCNet
import Synchronization

/// What is called, and how.
struct Calls: Sendable {
  let method: MethodDescriptor<Empty, Empty>
  let request: Empty
  /// Used in turn.
  let options: [CallOptions]

  init(_ method: MethodDescriptor<Empty, Empty>, _ request: Empty, _ options: [CallOptions]) {
    (self.method, self.request, self.options) = (method, request, options)
  }

  /// Makes one call, the `number`th of all; its code and, of one that failed, what was said.
  func make(_ number: Int, on channel: RPCChannel) async -> (StatusCode, String?) {
    do throws(RPCError) {
      _ = try await channel.unary(method, request, options[number % options.count])
      return (.ok, nil)
    } catch {
      return (error.code, error.message)
    }
  }
}

/// Calls at a rate, until the input ends.
struct Load {
  private static let tick = Duration.milliseconds(2)
  private static let progress = Duration.milliseconds(250)
  /// How many failures are told of.
  private static let examples = 20

  let rate: Double
  /// Calls under way at once.
  let most: Int
  /// Seconds.
  let warmUp: Double

  func run(_ channels: [RPCChannel], _ calls: Calls) async -> Tally {
    let tally = Shared()
    let isOver = InputEnd()
    let start = ContinuousClock.now
    var begin = start
    await withDiscardingTaskGroup { group in
      var (number, shown) = (0, start)
      while !isOver.hasCome {
        let now = ContinuousClock.now
        if begin == start, now - start > .seconds(warmUp) {
          begin = now
          tally.value.withLock { $0.forget() }
        }
        let due = Int((now - start) / .seconds(1) * rate)
        let free = most - tally.value.withLock { $0.begin(due - number, atMost: most) }
        for call in number..<due where call - number < free {
          group.addTask { await Self.make(call, calls, channels, tally) }
        }
        number = due
        if now - shown > Self.progress {
          shown = now
          Self.show(tally.value.withLock(\.ended))
        }
        try? await Task.sleep(for: Self.tick)
      }
    }
    return tally.value.withLock {
      $0.seconds = (ContinuousClock.now - begin) / .seconds(1)
      return $0
    }
  }

  private static func make(
    _ number: Int, _ calls: Calls, _ channels: [RPCChannel], _ tally: Shared
  ) async {
    let start = ContinuousClock.now
    let (code, message) = await calls.make(number, on: channels[number % channels.count])
    let time = ContinuousClock.now - start
    let failures = tally.value.withLock { $0.end(code, time) }
    guard let message, failures <= examples else { return }
    FileHandle.standardError.write(Data("\(code): \(message)\n".utf8))
  }

  /// So that whoever reads from a pipe need not wait.
  private static func show(_ ended: Int) {
    FileHandle.standardOutput.write(Data("ended \(ended)\n".utf8))
  }
}

/// A tally that many tasks keep.
private final class Shared: Sendable {
  let value = Mutex(Tally())
}

/// The end of the standard input.
private final class InputEnd: Sendable {
  private let end = Atomic(false)
  var hasCome: Bool { end.load(ordering: .relaxed) }

  init() {
    Thread.detachNewThread { [self] in
      while !FileHandle.standardInput.availableData.isEmpty {}
      end.store(true, ordering: .relaxed)
    }
  }
}
