/// Finds a method by the bytes of its path, without making a string of them.
///
/// Paths compare by their bytes: `/%6c...`, `//...` or another case is another path, and no method
/// has it. What is found is the registered method, so whatever decides about access by its name
/// cannot be led round by spelling.
package final class MethodTable: Sendable {
  private let methods: [RegisteredMethod]
  /// An open-addressed hash table, at most half full: one more than a place in `methods`, or zero.
  private let slots: [Int]

  /// The methods of a router, each with the whole chain of interceptors around it.
  package init(_ router: Router, interceptors: [any ServerInterceptor] = []) {
    methods = router.methods.map { $0.intercepted(by: interceptors) }
    var size = 8
    while size < methods.count * 2 { size *= 2 }
    var slots = [Int](repeating: 0, count: size)
    for (index, method) in methods.enumerated() {
      var slot = Self.hash(method.path.utf8.span) & (size - 1)
      while slots[slot] != 0 { slot = (slot + 1) & (size - 1) }
      slots[slot] = index + 1
    }
    self.slots = slots
  }

  /// The method of this path.
  package func method(at path: Span<UInt8>) -> RegisteredMethod? {
    var slot = Self.hash(path) & (slots.count - 1)
    while slots[slot] != 0 {
      let method = methods[slots[slot] - 1]
      if path.equals(method.path) { return method }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  /// FNV-1a, over the length and the end, in which the paths of a service differ.
  ///
  /// Nobody outside chooses what is in the table, so it need not withstand anyone.
  private static func hash(_ bytes: Span<UInt8>) -> Int {
    var hash = 0xcbf2_9ce4_8422_2325 ^ UInt64(bytes.count)
    for index in max(0, bytes.count - 8)..<bytes.count {
      hash = (hash ^ UInt64(bytes[index])) &* 0x100_0000_01b3
    }
    return Int(truncatingIfNeeded: hash ^ hash >> 32)
  }
}
