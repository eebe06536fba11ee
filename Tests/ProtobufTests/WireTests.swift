import Protobuf
import Testing

@Suite
struct WireTests {
  @Test(arguments: WireVector.all)
  func `a vector reads or fails as listed (T59)`(_ vector: WireVector) throws {
    switch vector.outcome {
    case .reads(let canonical):
      let message = try Everything(serialized: vector.bytes)
      #expect(try message.serialized() == fromHex(canonical))
      #expect(try Everything(serialized: message.serialized()) == message)
    case .fails(let reason):
      let error = #expect(throws: DecodingError.self) { try Everything(serialized: vector.bytes) }
      #expect(error?.reason == reason)
    }
  }

  @Test(arguments: WireVector.all)
  func `a prefix never traps and reads only at the end of a field (T59)`(_ vector: WireVector) {
    var ends: Set<Int> = [0]
    for field in vector.fields { ends.insert((ends.max() ?? 0) + field.count) }
    let bytes = vector.bytes
    for length in 0..<bytes.count {
      let message = try? Everything(serialized: Array(bytes.prefix(length)))
      if !ends.contains(length) { #expect(message == nil, "read \(length) bytes") }
    }
  }

  @Test
  func `every wrong wire type of every known field is kept as unknown or refused`() throws {
    let values: [UInt8: [UInt8]] = [0: [1], 1: Array(1...8), 2: [1, 1], 5: Array(1...4)]
    for number in 1...95 {
      for (wireType, value) in values {
        var input: [UInt8] = []
        appendVarint(UInt64(number) << 3 | UInt64(wireType), to: &input)
        input += value
        guard let message = try? Everything(serialized: input) else { continue }
        let output = try message.serialized()
        if !message.unknownFields.isEmpty { #expect(output == input, "field \(number)") }
      }
    }
  }

  @Test
  func `a hundred messages inside one another are read, one more is refused (T65)`() throws {
    func nested(_ depth: Int) -> [UInt8] {
      var bytes: [UInt8] = []
      for _ in 0..<depth {
        var outer: [UInt8] = [0x8a, 0x01]
        appendVarint(UInt64(bytes.count), to: &outer)
        bytes = outer + bytes
      }
      return bytes
    }
    #expect(try Everything(serialized: nested(100)).serialized() == nested(100))
    #expect(reason { try Everything(serialized: nested(101)) } == .tooDeep)
  }

  @Test
  func `a hundred unknown groups inside one another are kept, one more is refused (T65)`() throws {
    func nested(_ depth: Int) -> [UInt8] {
      Array(repeatElement([0xc3, 0x3e], count: depth).joined())
        + Array(repeatElement([0xc4, 0x3e], count: depth).joined())
    }
    #expect(try Everything(serialized: nested(100)).serialized() == nested(100))
    #expect(reason { try Everything(serialized: nested(101)) } == .tooDeep)
    let opened = Array(repeatElement([0x9b, 0x06] as [UInt8], count: 1_000_000).joined())
    #expect(reason { try Everything(serialized: opened) } == .tooDeep)
  }

  @Test
  func `limits lower than the default hold`() throws {
    let bytes: [UInt8] = [0x8a, 0x01, 0x03, 0x92, 0x01, 0x00]
    let limits = DecodingLimits(maximumDepth: 1)
    #expect(reason { try Everything(serialized: bytes, limits: limits) } == .tooDeep)
    #expect(try Everything(serialized: bytes, limits: DecodingLimits(maximumDepth: 2)).child != nil)
  }

  @Test
  func `unknown fields survive an older version of the message (T62)`() throws {
    var message = Everything()
    message.int32Value = 5
    message.stringValue = "kept"
    message.leaf = Leaf.with { $0.number = 7 }
    message.stringMap = ["a": "b"]
    message.choice = .everythingChoice(Everything.with { $0.boolValue = true })
    let older = try Older(serialized: message.serialized())
    #expect(older.int32Value == 5)
    #expect(try Everything(serialized: older.serialized()) == message)
  }

  @Test
  func `equal messages have equal encodings whatever the order of insertion (T63)`() throws {
    var one = Everything()
    var other = Everything()
    for number in 0..<100 { one.stringMap["\(number)"] = "x" }
    for number in (0..<100).reversed() { other.stringMap["\(number)"] = "x" }
    #expect(try one.serialized() == other.serialized())
    #expect(one == other)
  }

  @Test
  func `serialize appends behind what is there`() throws {
    var buffer: [UInt8] = [1, 2, 3]
    try Leaf.with { $0.number = 9 }.serialize(appendingTo: &buffer)
    #expect(buffer == [1, 2, 3, 8, 9])
  }

  @Test
  func `fragments of one message merge in linear time (T66)`() throws {
    // 200,000 elements in as many fragments would take minutes if each merge copied the list.
    let fragment: [UInt8] = [0xb2, 0x05, 0x03, 0x1a, 0x01, 0x01]
    let input = Array(repeatElement(fragment, count: 200_000).joined())
    let message = try Everything(serialized: input)
    #expect(message.leafChoice?.numbers.count == 200_000)
  }
}

/// The reason that reading fails for; nil if it does not.
private func reason(_ read: () throws -> Everything) -> DecodingError.Reason? {
  do { _ = try read() } catch { return (error as? DecodingError)?.reason }
  return nil
}

/// Appends a varint in its shortest form.
func appendVarint(_ value: UInt64, to bytes: inout [UInt8]) {
  var rest = value
  while rest >= 0x80 {
    bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
    rest >>= 7
  }
  bytes.append(UInt8(rest))
}
