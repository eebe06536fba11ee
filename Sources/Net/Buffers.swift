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

  mutating func giveBack(input buffer: consuming [UInt8]) { input = buffer }

  /// An empty buffer with room.
  ///
  /// Give it back.
  mutating func take() -> [UInt8] {
    if let buffer = spare.popLast() { return buffer }
    var buffer: [UInt8] = []
    buffer.reserveCapacity(NetLimits.writeSize + NetLimits.readSize)
    return buffer
  }

  mutating func giveBack(_ buffer: consuming [UInt8]) {
    buffer.removeAll(keepingCapacity: true)
    spare.append(buffer)
  }
}
