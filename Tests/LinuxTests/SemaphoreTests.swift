import Linux
import Testing

struct SemaphoreTests {
  private final class Bell: Sendable { let semaphore = Semaphore() }

  @Test(arguments: [.zero, .microseconds(50), .seconds(60)] as [Duration])
  func `whoever waits is let through, awake or asleep`(_ time: Duration) throws {
    let (bell, answer) = (Bell(), Bell())
    let thread = try Thread(name: "waiter") {
      for _ in 0..<100 {
        bell.semaphore.wait(awakeFor: time)
        answer.semaphore.signal()
      }
    }
    for _ in 0..<100 {
      bell.semaphore.signal()
      answer.semaphore.wait()
    }
    thread.join()
  }

  @Test func `what was signalled before is taken at once, and once`() {
    let bell = Bell()
    bell.semaphore.signal()
    bell.semaphore.signal()
    bell.semaphore.wait(awakeFor: .zero)
    bell.semaphore.wait()
  }
}
