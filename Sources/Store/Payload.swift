/// What a record holds, before it is sealed.
///
/// Per operation a code (1 put, 2 delete), the key's length and the key; of a put, the value's
/// length and the value. Lengths are 32 bits. There is no count: the payload ends with the last
/// operation, and the tag vouches for where that is.
extension Batch {
  private enum Code: UInt8 {
    case put = 1
    case delete = 2
  }

  /// How long `payload` is, without making it.
  var payloadLength: Int {
    operations.reduce(0) { sum, operation in
      switch operation {
      case .put(let key, let value): sum + 9 + key.bytes.count + value.count
      case .delete(let key): sum + 5 + key.bytes.count
      }
    }
  }

  /// Whether every key, every value and the whole are within their limits.
  package var isWithinLimits: Bool {
    let eachIs = operations.allSatisfy { operation in
      switch operation {
      case .put(let key, let value):
        key.bytes.count <= Limits.keyLength && value.count <= Limits.valueLength
      case .delete(let key): key.bytes.count <= Limits.keyLength
      }
    }
    return eachIs && payloadLength <= Limits.payloadLength
  }

  var payload: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(payloadLength)
    for operation in operations {
      switch operation {
      case .put(let key, let value):
        bytes.append(Code.put.rawValue)
        bytes.append(little: UInt32(key.bytes.count))
        bytes += key.bytes
        bytes.append(little: UInt32(value.count))
        bytes += value
      case .delete(let key):
        bytes.append(Code.delete.rawValue)
        bytes.append(little: UInt32(key.bytes.count))
        bytes += key.bytes
      }
    }
    return bytes
  }

  /// The batch that has this payload, or nil if none has.
  init?(payload bytes: Span<UInt8>) {
    self.init()
    var offset = 0
    while offset < bytes.count {
      guard let code = Code(rawValue: bytes[offset]) else { return nil }
      offset += 1
      guard let key = Self.string(bytes, &offset) else { return nil }
      switch code {
      case .put:
        guard let value = Self.string(bytes, &offset) else { return nil }
        put(Key(key), value)
      case .delete: delete(Key(key))
      }
    }
  }

  private static func string(_ bytes: Span<UInt8>, _ offset: inout Int) -> [UInt8]? {
    guard let length = bytes.little(UInt32.self, at: offset) else { return nil }
    guard let string = bytes.array(Int(length), at: offset + 4) else { return nil }
    offset += 4 + string.count
    return string
  }
}
