/// What the records of a snapshot hold, before they are sealed.
///
/// A record of entries holds, for each, its version (64 bits), the key's length (32 bits) and the
/// key, the value's length (32 bits) and the value. The end holds how many entries there were.
enum SnapshotPayload {
  static func append(_ key: Key, _ entry: Entry, to payload: inout [UInt8]) {
    payload.append(little: entry.version)
    payload.append(little: UInt32(key.bytes.count))
    payload += key.bytes
    payload.append(little: UInt32(entry.value.count))
    payload += entry.value
  }

  static func end(count: Int) -> [UInt8] {
    var payload: [UInt8] = []
    payload.append(little: UInt64(count))
    return payload
  }

  /// Adds every entry of a payload to an index, or answers false if it is malformed or out of order.
  static func read(_ payload: Span<UInt8>, into index: inout IndexBuilder) -> Bool {
    var offset = 0
    while offset < payload.count {
      guard
        let version = payload.little(UInt64.self, at: offset),
        let key = string(payload, at: offset + 8),
        let value = string(payload, at: offset + 12 + key.count)
      else { return false }
      guard index.append(Key(key), Entry(value: value, version: version)) else { return false }
      offset += 16 + key.count + value.count
    }
    return true
  }

  private static func string(_ payload: Span<UInt8>, at offset: Int) -> [UInt8]? {
    guard let length = payload.little(UInt32.self, at: offset) else { return nil }
    return payload.array(Int(length), at: offset + 4)
  }
}
