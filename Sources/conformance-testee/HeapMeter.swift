import Foundation

/// Measures the heap with the functions of `Tests/EndToEnd/heap_meter.c`, which must be preloaded.
struct HeapMeter {
  private let begin: @convention(c) () -> Void
  private let end: @convention(c) () -> Int

  private struct NotPreloaded: Error {}

  init() throws {
    guard let begin = unsafe dlsym(nil, "heap_meter_begin"),
      let end = unsafe dlsym(nil, "heap_meter_end")
    else { throw NotPreloaded() }
    self.begin = unsafe unsafeBitCast(begin, to: (@convention(c) () -> Void).self)
    self.end = unsafe unsafeBitCast(end, to: (@convention(c) () -> Int).self)
  }

  /// How many bytes `body` took at most at a time.
  func measure(_ body: () throws -> Void) rethrows -> Int {
    begin()
    try body()
    return end()
  }
}
