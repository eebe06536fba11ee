/// Something to run on a loop.
@safe
enum Work: Sendable {
  case job(UnownedJob)
  case closure(@Sendable () -> Void)
}

/// First in, first out, in storage that is kept.
struct WorkQueue {
  private var items: [Work] = []
  private var head = 0

  var isEmpty: Bool { head == items.count }

  mutating func append(_ item: Work) { items.append(item) }

  mutating func append(contentsOf more: [Work]) { items.append(contentsOf: more) }

  mutating func popFirst() -> Work? {
    guard head < items.count else { return nil }
    defer { advance() }
    return items[head]
  }

  mutating func removeAll() -> [Work] {
    defer { self = WorkQueue() }
    return Array(items[head...])
  }

  /// Moves past the first item and starts over at the front when none is left.
  private mutating func advance() {
    head += 1
    if head == items.count {
      items.removeAll(keepingCapacity: true)
      head = 0
    }
  }
}
