// The fuzz targets of the codec, over the messages of protobuf's conformance suite: every kind of
// field of proto3 and proto2. tools/fuzz compiles this file once for each target.

import Protobuf

private let types = TypeRegistry(
  [TestAllTypesProto3.self, TestAllTypesProto2.self],
  extensions: [Extension<TestAllTypesProto2, Wire.Varint<Int32>>(120, "extension_int32")])

/// What is written may be much shorter than what was read, and must not fail for want of memory.
private let generous = DecodingLimits(memoryPerByte: 1_000)

/// What libFuzzer calls for each input.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  #if BINARY
    readBinary(TestAllTypesProto3.self, bytes)
    readBinary(TestAllTypesProto2.self, bytes)
  #elseif JSON
    readJSON(TestAllTypesProto3.self, bytes)
    readJSON(TestAllTypesProto2.self, bytes)
  #else
    convert(TestAllTypesProto3.self, bytes)
    convert(TestAllTypesProto2.self, bytes)
  #endif
  return 0
}

/// What is read is written, and what is written is read as the same.
private func readBinary<M: Message>(_ type: M.Type, _ bytes: [UInt8]) {
  guard let message = try? M(serialized: bytes) else { return }
  guard let written = try? message.serialized(),
    let again = try? M(serialized: written, limits: generous)
  else { preconditionFailure("what was written cannot be read") }
  precondition(again == message, "what was written is read as something else")
  precondition(!message.description.isEmpty)
}

/// JSON that is read is written as JSON that means the same.
private func readJSON<M: Message>(_ type: M.Type, _ bytes: [UInt8]) {
  let strict = JSONDecodingOptions(types: types)
  let lenient = JSONDecodingOptions(ignoreUnknownFields: true, types: types)
  _ = try? M(json: bytes, options: lenient)
  guard let message = try? M(json: bytes, options: strict) else { return }
  expectSameFromJSON(message)
}

/// What the wire can say, JSON can say: unless it has no JSON form, or only unknown fields differ.
private func convert<M: Message>(_ type: M.Type, _ bytes: [UInt8]) {
  guard let message = try? M(serialized: bytes) else { return }
  expectSameFromJSON(message)
}

private func expectSameFromJSON<M: Message>(_ message: M) {
  guard let json = try? message.jsonBytes(options: .init(types: types)) else { return }
  guard let again = try? M(json: json, options: .init(types: types, limits: generous)) else {
    preconditionFailure(
      "JSON that was written cannot be read: \(String(decoding: json, as: UTF8.self))")
  }
  // Unknown fields, and what an `Any` holds besides, have no JSON form; what is left has.
  let written = try? again.jsonBytes(options: .init(types: types))
  // `null` is what every `NullValue` is in JSON, whatever its number.
  let holdsNull = String(decoding: json, as: UTF8.self).contains("null")
  precondition(written == json || holdsNull, "JSON that was written is read as something else")
}
