// The testee of protobuf's conformance suite: its runner writes requests to standard input and reads
// the answers from standard output. Each stands behind its length: four bytes, little-endian.
//
// With `--memory` it answers with how much of the heap reading took: see `HeapMeter`.

import Foundation
import Protobuf

/// Answers requests until there are no more.
@main
enum ConformanceTestee {
  static func main() throws {
    let meter = CommandLine.arguments.contains("--memory") ? try HeapMeter() : nil
    while let request = try read() {
      let response = try ConformanceResponse.with {
        $0.result = try meter.map { try measure(request, with: $0) } ?? answer(request)
      }
      let bytes = try response.serialized()
      let length = (0..<4).map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) }
      try FileHandle.standardOutput.write(contentsOf: Data(length + bytes))
    }
  }

  /// Reads a request; nil at the end of the input.
  private static func read() throws -> ConformanceRequest? {
    let input = FileHandle.standardInput
    guard let length = try input.read(upToCount: 4), length.count == 4 else { return nil }
    let count = length.reversed().reduce(0) { $0 << 8 | Int($1) }
    let bytes = count == 0 ? Data() : try input.read(upToCount: count) ?? Data()
    return try ConformanceRequest(serialized: [UInt8](bytes))
  }

  private static func answer(
    _ request: ConformanceRequest
  ) throws -> ConformanceResponse.Result {
    switch request.messageType {
    // What the runner asks for before anything else: which failures are expected. None.
    case FailureSet.messageName: .protobufPayload([])
    case TestAllTypesProto3.messageName: convert(TestAllTypesProto3.self, request)
    case TestAllTypesProto2.messageName: convert(TestAllTypesProto2.self, request)
    default: .skipped("\(request.messageType) is not known here")
    }
  }

  /// Answers with the bytes that the answer took: a parse error if there was one, or else `skipped`.
  private static func measure(
    _ request: ConformanceRequest, with meter: HeapMeter
  ) throws -> ConformanceResponse.Result {
    var result: ConformanceResponse.Result?
    let bytes = try meter.measure { result = try answer(request) }
    if case .parseError? = result { return .parseError("\(bytes)") }
    return .skipped("\(bytes)")
  }

  private static func convert<M: Message>(
    _ type: M.Type, _ request: ConformanceRequest
  ) -> ConformanceResponse.Result {
    let message: M
    do {
      switch request.payload {
      case .protobufPayload(let bytes): message = try M(serialized: bytes)
      case .jsonPayload(let text): message = try M(json: text, options: options(request))
      default: return .skipped("only protobuf and JSON are read")
      }
    } catch { return .parseError("\(error)") }
    return write(message, request.requestedOutputFormat)
  }

  private static func write(
    _ message: some Message, _ format: WireFormat
  ) -> ConformanceResponse.Result {
    do {
      switch format {
      case .protobuf: return .protobufPayload(try message.serialized())
      case .json: return .jsonPayload(try message.json(options: .init(types: types)))
      default: return .skipped("only protobuf and JSON are written")
      }
    } catch { return .serializeError("\(error)") }
  }

  private static let types = TypeRegistry(
    [TestAllTypesProto3.self, TestAllTypesProto2.self],
    extensions: [
      Extension<TestAllTypesProto2, Wire.Varint<Int32>>(
        120, "protobuf_test_messages.proto2.extension_int32")
    ])

  private static func options(_ request: ConformanceRequest) -> JSONDecodingOptions {
    JSONDecodingOptions(
      ignoreUnknownFields: request.testCategory == .jsonIgnoreUnknownParsingTest, types: types)
  }
}
