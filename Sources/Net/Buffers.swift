/// The memory that all connections of a loop read and write through, one after the other: an idle
/// connection holds none.
struct Buffers {
  private var input = [UInt8](repeating: 0, count: NetLimits.readSize)
  private var spare: [[UInt8]] = []

  /// The buffer for one turn of reading.
  ///
  /// Give it back.
  mutating func takeInput() -> [UInt8] {
    var taken: [UInt8] = []
    swap(&taken, &input)
    return taken.isEmpty ? [UInt8](repeating: 0, count: NetLimits.readSize) : taken
  }

  /// Takes back what `takeInput` returned.
  mutating func giveBack(input buffer: inout [UInt8]) { swap(&buffer, &input) }

  /// An empty buffer with room.
  ///
  /// Give it back.
  mutating func take() -> [UInt8] {
    if let buffer = spare.popLast() { return buffer }
    var buffer: [UInt8] = []
    // What is sealed, or one frame, may come on top of a full buffer.
    buffer.reserveCapacity(2 * NetLimits.writeSize)
    return buffer
  }

  /// Takes back what `take` returned.
  ///
  /// By reference: of a buffer with two owners, `removeAll` would make a third.
  mutating func giveBack(_ buffer: inout [UInt8]) {
    buffer.removeAll(keepingCapacity: true)
    spare.append([])
    swap(&buffer, &spare[spare.count - 1])
  }
}
