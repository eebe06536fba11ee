// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// Each member is documented where `Message` requires it.

// MARK: Wrappers
// "Wrappers use the same representation in JSON as the wrapped primitive type."

/// A message whose JSON form is that of its one field, `value`.
private protocol WrapperMessage: Message {
  associatedtype Wrapped: FieldValue
  var value: Wrapped { get set }
}

extension WrapperMessage {
  mutating func mergeValue(from reader: inout JSONReader) throws(DecodingError) {
    if let read = try Wrapped.Coding.read(from: &reader) { value = read }
  }

  func encodeValue(into writer: inout JSONWriter) { Wrapped.Coding.write(value, to: &writer) }
}

extension BoolValue: WrapperMessage {
  public static var hasOwnJSONForm: Bool { true }
  public mutating func merge(from reader: inout JSONReader) throws(DecodingError) {
    try mergeValue(from: &reader)
  }
  public func encode(into writer: inout JSONWriter) { encodeValue(into: &writer) }
}

extension BytesValue: WrapperMessage {
  public static var hasOwnJSONForm: Bool { true }
  public mutating func merge(from reader: inout JSONReader) throws(DecodingError) {
    try mergeValue(from: &reader)
  }
  public func encode(into writer: inout JSONWriter) { encodeValue(into: &writer) }
}

extension DoubleValue: WrapperMessage {
  public static var hasOwnJSONForm: Bool { true }
  public mutating func merge(from reader: inout JSONReader) throws(DecodingError) {
    try mergeValue(from: &reader)
  }
  public func encode(into writer: inout JSONWriter) { encodeValue(into: &writer) }
}

extension FloatValue: WrapperMessage {
  public static var hasOwnJSONForm: Bool { true }
  public mutating func merge(from reader: inout JSONReader) throws(DecodingError) {
    try mergeValue(from: &reader)
  }
  public func encode(into writer: inout JSONWriter) { encodeValue(into: &writer) }
}

extension Int32Value: WrapperMessage {
  public static var hasOwnJSONForm: Bool { true }
  public mutating func merge(from reader: inout JSONReader) throws(DecodingError) {
    try mergeValue(from: &reader)
  }
  public func encode(into writer: inout JSONWriter) { encodeValue(into: &writer) }
}

extension Int64Value: WrapperMessage {
  public static var hasOwnJSONForm: Bool { true }
  public mutating func merge(from reader: inout JSONReader) throws(DecodingError) {
    try mergeValue(from: &reader)
  }
  public func encode(into writer: inout JSONWriter) { encodeValue(into: &writer) }
}

extension StringValue: WrapperMessage {
  public static var hasOwnJSONForm: Bool { true }
  public mutating func merge(from reader: inout JSONReader) throws(DecodingError) {
    try mergeValue(from: &reader)
  }
  public func encode(into writer: inout JSONWriter) { encodeValue(into: &writer) }
}

extension UInt32Value: WrapperMessage {
  public static var hasOwnJSONForm: Bool { true }
  public mutating func merge(from reader: inout JSONReader) throws(DecodingError) {
    try mergeValue(from: &reader)
  }
  public func encode(into writer: inout JSONWriter) { encodeValue(into: &writer) }
}

extension UInt64Value: WrapperMessage {
  public static var hasOwnJSONForm: Bool { true }
  public mutating func merge(from reader: inout JSONReader) throws(DecodingError) {
    try mergeValue(from: &reader)
  }
  public func encode(into writer: inout JSONWriter) { encodeValue(into: &writer) }
}

// MARK: Values

extension Struct {
  public static var hasOwnJSONForm: Bool { true }

  public mutating func merge(from reader: inout JSONReader) throws(DecodingError) {
    try reader.descend()
    try reader.read(&fields)
    reader.remainingDepth += 1
  }

  public func encode(into writer: inout JSONWriter) {
    writer.writeNested(fields, in: ("{", "}")) { entry, writer in
      writer.write(string: entry.key)
      writer.write(byte: ":")
      entry.value.encode(into: &writer)
    }
  }
}

extension ListValue {
  public static var hasOwnJSONForm: Bool { true }

  public mutating func merge(from reader: inout JSONReader) throws(DecodingError) {
    try reader.descend()
    try reader.read(&values)
    reader.remainingDepth += 1
  }

  public func encode(into writer: inout JSONWriter) {
    writer.writeNested(values, in: ("[", "]")) { $0.encode(into: &$1) }
  }
}

extension Value {
  public static var hasOwnJSONForm: Bool { true }

  public mutating func merge(from reader: inout JSONReader) throws(DecodingError) {
    switch reader.peek() {
    case UInt8(ascii: "n"): try reader.read(&kind, nil, Kind.nullValue)
    case UInt8(ascii: "t"), UInt8(ascii: "f"): try reader.read(&kind, nil, Kind.boolValue)
    case UInt8(ascii: "\""): try reader.read(&kind, nil, Kind.stringValue)
    case UInt8(ascii: "{"): try reader.read(&kind, nil, Kind.structValue)
    case UInt8(ascii: "["): try reader.read(&kind, nil, Kind.listValue)
    default: try reader.read(&kind, nil, Kind.numberValue)
    }
  }

  public func encode(into writer: inout JSONWriter) {
    switch kind {
    case .nullValue: writer.write(raw: "null")
    case .numberValue(let number):
      // "Attempting to serialize NaN or Infinity results in error."
      guard number.isFinite else { return writer.fail(.noJSONForm("\(number) in a Value")) }
      Wire.Binary64.write(number, to: &writer)
    case .stringValue(let string): writer.write(string: string)
    case .boolValue(let bool): Wire.Boolean.write(bool, to: &writer)
    case .structValue(let fields): fields.encode(into: &writer)
    case .listValue(let list): list.encode(into: &writer)
    case nil: writer.fail(.noJSONForm("a Value without a value"))
    }
  }
}
