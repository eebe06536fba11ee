import Foundation
import Protobuf
import Testing

/// What input from strangers may cost (T64 to T67).
@Suite(.serialized)
struct LimitTests {
  /// Inputs that ask for far more memory than they take, of about so many bytes.
  private static func greedy(_ size: Int) -> [(name: String, bytes: [UInt8])] {
    func repeated(_ unit: [UInt8]) -> [UInt8] {
      Array(repeatElement(unit, count: size / unit.count).joined())
    }
    func packed(_ tag: [UInt8], _ value: [UInt8]) -> [UInt8] {
      let values = repeated(value)
      var field = tag
      appendVarint(UInt64(values.count), to: &field)
      return field + values
    }
    return [
      ("packed bools", packed([0xaa, 0x03], [1])),
      ("packed doubles", packed([0xa2, 0x03], [0, 0, 0, 0, 0, 0, 0xf0, 0x3f])),
      ("packed varints", packed([0xd2, 0x02], [5])),
      ("empty messages", repeated([0xca, 0x03, 0x00])),
      ("messages with one field", repeated([0xca, 0x03, 0x02, 0x08, 0x01])),
      ("empty strings", repeated([0xb2, 0x03, 0x00])),
      ("bytes of one byte", repeated([0xba, 0x03, 0x01, 0x61])),
      ("lists in turn", repeated([0xca, 0x03, 0x00, 0xb2, 0x03, 0x00])),
      ("unknown varints", repeated([0xc0, 0x3e, 0x01])),
      (
        "large messages in a map", repeated([0xe2, 0x04, 0x07, 0x0a, 0x01, 0x61, 0x12, 0x02, 8, 1])
      ),
      ("one map in another", repeated([0xea, 0x03, 0x00])),
    ]
  }

  @Test
  func `an input of n bytes takes at most 64 n + 64 KiB (T64)`() throws {
    let size = 1 << 20
    for (name, bytes) in Self.greedy(size) {
      let (taken, reason) = try peakMemory { () -> DecodingError.Reason? in
        do throws(DecodingError) { _ = try Everything(serialized: bytes) } catch {
          return error.reason
        }
        return nil
      }
      // Pages and the allocator's own reserves come on top of what is asked for.
      #expect(taken <= 64 * bytes.count + (4 << 20), "\(name): \(taken / bytes.count) n")
      #expect(reason == nil || reason == .tooMuchMemory, "\(name)")
    }
  }

  @Test
  func `many elements with nearly nothing in them are refused before memory is spent (T64)`() {
    // Each of these large messages has one field of a hundred: 13 bytes that ask for 1,500.
    var bytes: [UInt8] = []
    for number in 0..<20_000 {
      let key = (0..<4).map { UInt8(0x41 + (number >> (4 * $0)) & 0xf) }
      bytes += [0xe2, 0x04, 0x0a, 0x0a, 0x04] + key + [0x12, 0x02, 0x08, 0x01]
    }
    let error = #expect(throws: DecodingError.self) { try Everything(serialized: bytes) }
    #expect(error?.reason == .tooMuchMemory)
    let generous = DecodingLimits(memoryPerByte: 1_000)
    #expect((try? Everything(serialized: bytes, limits: generous))?.everythingMap.count == 20_000)
  }

  /// Runs `body` and returns how far the resident memory rose above where it began.
  private func peakMemory<Result>(_ body: () throws -> Result) throws -> (Int, Result) {
    // "5": the high-water mark is reset to what is resident now.
    try Data("5".utf8).write(to: URL(filePath: "/proc/self/clear_refs"))
    let before = try status("VmRSS")
    let result = try body()
    return (try status("VmHWM") - before, result)
  }

  private func status(_ name: String) throws -> Int {
    let lines = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
      .split(separator: "\n")
    let line = try #require(lines.first { $0.hasPrefix(name) })
    return try #require(Int(line.split { $0 == " " || $0 == "\t" }[1])) * 1_024
  }

  /// Code that is not optimised gives each case of a `switch` a place of its own on the stack: a
  /// level of `Everything` takes 20 KiB instead of one.
  #if DEBUG
    private static let stackSize = 4 << 20
  #else
    private static let stackSize = 256 << 10
  #endif

  @Test
  func `what is nested too deeply is refused on a small stack (T65)`() async {
    for (name, read) in Self.deep {
      let reason = await onSmallStack(read)
      // Every `Any` holds a copy of what is packed inside, and so costs memory, too.
      #expect(reason == .tooDeep || (name == "Any in Any" && reason == .tooMuchMemory), "\(name)")
    }
  }

  private static let deep: [(String, @Sendable () throws -> Void)] = [
    ("messages", { _ = try Everything(serialized: nest([0x8a, 0x01], 101)) }),
    ("lists", { _ = try Everything(serialized: nest([0xba, 0x05], 101)) }),
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
    let (small, large) = (repeating(unit, 50_000), repeating(unit, 100_000))
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
