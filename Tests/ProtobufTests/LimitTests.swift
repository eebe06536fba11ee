import Foundation
import Protobuf
import Testing

/// What input from strangers may cost (T64 to T67).
@Suite(.serialized)
struct LimitTests {
  /// What is really taken `Tests/EndToEnd/test_memory.py` measures.
  @Test
  func `many elements with nearly nothing in them are read, or refused if they may not be (T64)`() {
    // Each of these large messages has one field of a hundred.
    var bytes: [UInt8] = []
    for number in 0..<2_000 {
      let key = (0..<4).map { UInt8(0x41 + (number >> (4 * $0)) & 0xf) }
      bytes += [0xe2, 0x04, 0x0a, 0x0a, 0x04] + key + [0x12, 0x02, 0x08, 0x01]
    }
    #expect((try? Everything(serialized: bytes))?.everythingMap.count == 2_000)
    let tight = DecodingLimits(memoryPerByte: 16)
    let error = #expect(throws: DecodingError.self) {
      try Everything(serialized: bytes, limits: tight)
    }
    #expect(error?.reason == .tooMuchMemory)
  }

  @Test(arguments: [
    "packed", "strings", "messages", "a message out of line", "a oneof", "a map", "unknown fields",
  ])
  func `whatever is allocated counts (T64)`(_ kind: String) {
    let bytes: [UInt8] =
      switch kind {
      case "packed": [0xaa, 0x03, 0xf4, 0x03] + repeating([1], 500)
      case "strings": repeating([0xb2, 0x03, 0x10] + repeating([0x61], 16), 30)
      case "messages": repeating([0xca, 0x03, 0x00], 100)
      case "a message out of line": [0x8a, 0x01, 0x02, 0x08, 0x01]
      case "a oneof": [0xba, 0x05, 0x02, 0x08, 0x01]
      case "a map": [0xea, 0x03, 0x00]
      default: repeating([0xc0, 0x3e, 0x01], 100)
      }
    #expect((try? Everything(serialized: bytes)) != nil)
    // The fields of `Everything` itself take more, but not so much more.
    let tight = DecodingLimits(memoryPerByte: 0, baseMemory: kind == "a map" ? 300 : 400)
    let error = #expect(throws: DecodingError.self) {
      try Everything(serialized: bytes, limits: tight)
    }
    #expect(error?.reason == .tooMuchMemory)
  }

  /// Code that is not optimised gives each case of a `switch` a place of its own on the stack.
  #if DEBUG
    private static let stackSize = 1 << 20
  #else
    private static let stackSize = 256 << 10
  #endif

  @Test
  func `what is nested too deeply is refused on a small stack (T65)`() async {
    for (name, read) in Self.deep {
      let reason = await onSmallStack(read)
      #expect(reason == .tooDeep, "\(name)")
    }
  }

  @Test
  func `a hundred levels are read, compared, shown and written on a small stack (T65)`() async {
    for bytes in [nest([0x8a, 0x01], 100), nest([0xba, 0x05], 100), nestMaps(50)] {
      let reason = await onSmallStack {
        let message = try Everything(serialized: bytes)
        #expect(try Everything(serialized: message.serialized()) == message)
        #expect(message == message && message.hashValue == message.hashValue)
        #expect(message.description.utf8.count > 500)
        #expect(message.missingRequiredField == nil)
        #expect(try Everything(json: message.jsonBytes()) == message)
      }
      #expect(reason == nil)
    }
  }

  private static let deep: [(String, @Sendable () throws -> Void)] = [
    ("messages", { _ = try Everything(serialized: nest([0x8a, 0x01], 101)) }),
    ("oneofs", { _ = try Everything(serialized: nest([0xba, 0x05], 101)) }),
    ("groups", { _ = try Everything(serialized: repeating([0x9b, 0x06], 1_000_000)) }),
    ("maps", { _ = try Everything(serialized: nestMaps(51)) }),
    ("structs", { _ = try Struct(serialized: nestMaps([0x0a], [0x2a], 51)) }),
    ("JSON objects", { _ = try Everything(json: repeating(Array("{\"child\":".utf8), 102)) }),
    ("JSON lists", { _ = try ListValue(json: repeating([0x5b], 1_000_000)) }),
    (
      "JSON that is skipped",
      {
        let options = JSONDecodingOptions(ignoreUnknownFields: true)
        let text = Array("{\"nothing\":".utf8) + repeating([0x5b], 1_000_000)
        _ = try Everything(json: text, options: options)
      }
    ),
    (
      "Any in Any",
      {
        let head = #"{"@type":"type.googleapis.com/google.protobuf.Any","value":"#
        let text =
          repeating(Array(head.utf8), 101) + Array("{}".utf8)
          + repeating(Array("}".utf8), 101)
        _ = try ProtoAny(json: text)
      }
    ),
  ]

  private func onSmallStack(_ read: @escaping @Sendable () throws -> Void) async
    -> DecodingError.Reason?
  {
    await withCheckedContinuation { continuation in
      let thread = Thread {
        do {
          try read()
          continuation.resume(returning: nil)
        } catch { continuation.resume(returning: (error as? DecodingError)?.reason) }
      }
      thread.stackSize = Self.stackSize
      thread.start()
    }
  }

  @Test(arguments: ["fragments", "unknown fields", "in turn"])
  func `twice the input takes about twice the time (T66)`(_ kind: String) throws {
    let unit: [UInt8] =
      switch kind {
      case "fragments": [0x92, 0x01, 0x03, 0x1a, 0x01, 0x01]
      case "unknown fields": [0xc0, 0x3e, 0x01]
      default: [0xc0, 0x3e, 0x01, 0x08, 0x01, 0xca, 0x03, 0x00]
      }
    let (small, large) = (repeating(unit, 20_000), repeating(unit, 40_000))
    func time(_ bytes: [UInt8]) throws -> Double {
      let runs = try (0..<5).map { _ in
        let start = clock()
        _ = try Everything(serialized: bytes)
        return Double(clock() - start)
      }
      return runs.min() ?? 0
    }
    let ratio = try time(large) / time(small)
    #expect(ratio <= 2.5, "\(kind): \(ratio)")
  }

  @Test
  func `four mebibytes of bytes survive, two gibibytes that are promised are refused (T67)`() throws
  {
    let message = Everything.with { $0.bytesValue = repeating([0x5a], 4 << 20) }
    #expect(try Everything(serialized: message.serialized()) == message)
    let promised: [UInt8] = [0x7a, 0xff, 0xff, 0xff, 0xff, 0x07] + repeating([0], 1_000)
    let error = #expect(throws: DecodingError.self) { try Everything(serialized: promised) }
    #expect(error?.reason == .truncated)
  }

  @Test
  func `an encoding past the largest size is refused, whatever follows (T67)`() throws {
    let piece = repeating([0x5a], 10_000)
    let message = Everything.with {
      $0.bytesList = Array(repeating: piece, count: 30)
      $0.everythingMap = ["a": .with { $0.bytesList = [piece, piece] }]
    }
    let size = try message.serialized().count
    for (limit, isEnough) in [(size, true), (size - 1, false), (15_000, false), (0, false)] {
      var writer = Writer(maximumSize: limit)
      message.encode(into: &writer)
      var bytes: [UInt8] = []
      if isEnough {
        try writer.finish(appendingTo: &bytes)
      } else {
        #expect(throws: EncodingError.tooLarge) { try finish(writer) }
      }
      #expect(bytes.count == (isEnough ? size : 0))
    }
  }

  private func finish(_ writer: borrowing Writer) throws {
    var bytes: [UInt8] = []
    try writer.finish(appendingTo: &bytes)
  }
}

/// An input of so many units.
private func repeating(_ unit: [UInt8], _ count: Int) -> [UInt8] {
  Array(repeatElement(unit, count: count).joined())
}

/// Length-delimited fields with this tag inside one another.
private func nest(_ tag: [UInt8], _ depth: Int) -> [UInt8] {
  var bytes: [UInt8] = []
  for _ in 0..<depth {
    var outer = tag
    appendVarint(UInt64(bytes.count), to: &outer)
    bytes = outer + bytes
  }
  return bytes
}

/// Maps inside the values of maps: an entry is a level, and the message in it another.
private func nestMaps(_ depth: Int) -> [UInt8] { nestMaps([0xe2, 0x04], [], depth) }

private func nestMaps(_ map: [UInt8], _ message: [UInt8], _ depth: Int) -> [UInt8] {
  var bytes: [UInt8] = []
  for _ in 0..<depth {
    for tag in [message, [0x12], map] where !tag.isEmpty {
      var outer = tag
      appendVarint(UInt64(bytes.count), to: &outer)
      bytes = outer + bytes
    }
  }
  return bytes
}
