// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// Each member is documented where `FieldCoding` requires it; what is particular stands with the type.

import TextCoding

// MARK: Integers
// "int64, fixed64, uint64: a string. Either numbers or strings are accepted."

extension FieldCoding where Value: FixedWidthInteger {
  public static func read(from reader: inout JSONReader) throws(DecodingError) -> Value? {
    try reader.readInteger()
  }

  public static func write(_ value: Value, to writer: inout JSONWriter) {
    if Value.bitWidth == 64 {
      writer.write(quoted: "\(value)")
    } else {
      writer.write(raw: "\(value)")
    }
  }
}

// MARK: Booleans and enums

extension Wire.Boolean {
  public static func read(from reader: inout JSONReader) throws(DecodingError) -> Bool? {
    let isQuoted = reader.isReadingKey && reader.take("\"")
    let value = try reader.take(literal: "true")
    if !value {
      guard try reader.take(literal: "false") else { throw reader.unexpected() }
    }
    if isQuoted { try reader.expect("\"") }
    return value
  }

  public static func write(_ value: Bool, to writer: inout JSONWriter) {
    writer.write(raw: value ? "true" : "false")
  }
}

extension Wire.Enumeration {
  /// `null` is the one value of `google.protobuf.NullValue`.
  public static var isNullValue: Bool { Value.self == NullValue.self }

  public static func read(from reader: inout JSONReader) throws(DecodingError) -> Value? {
    if isNullValue, try reader.takeNull() { return zero }
    guard reader.peek() == UInt8(ascii: "\"") else {
      return Value(rawValue: try reader.readInteger())
    }
    let name = try reader.readString()
    // By bytes: Swift's `==` would also take the sign of the kelvin for the letter K.
    if let value = Value.valueNames.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) {
      return Value(rawValue: value.number)
    }
    guard reader.options.ignoreUnknownFields else { throw reader.error(.unfitJSON) }
    return nil
  }

  public static func write(_ value: Value, to writer: inout JSONWriter) {
    if isNullValue {
      writer.write(raw: "null")
    } else if let name = value.name, !writer.options.writesEnumsAsNumbers {
      writer.write(quoted: name)
    } else {
      writer.write(raw: "\(value.rawValue)")
    }
  }
}

extension Wire.ClosedEnumeration {
  public static func read(from reader: inout JSONReader) throws(DecodingError) -> Value? {
    try Wire.Enumeration<Value>.read(from: &reader)
  }

  public static func write(_ value: Value, to writer: inout JSONWriter) {
    Wire.Enumeration<Value>.write(value, to: &writer)
  }
}

// MARK: Floating point
// "JSON value will be a number or one of the special string values NaN, Infinity, and -Infinity."

extension FieldCoding where Value: BinaryFloatingPoint & LosslessStringConvertible {
  public static func read(from reader: inout JSONReader) throws(DecodingError) -> Value? {
    try reader.readFloatingPoint()
  }

  public static func write(_ value: Value, to writer: inout JSONWriter) {
    if value.isNaN {
      writer.write(raw: "\"NaN\"")
    } else if value.isInfinite {
      writer.write(raw: value < 0 ? "\"-Infinity\"" : "\"Infinity\"")
    } else {
      // The shortest digits that give back the same bits; whole numbers without a fraction, except
      // for -0, which many parsers take for the integer 0.
      let text = "\(value)"
      writer.write(raw: text.hasSuffix(".0") && value != 0 ? String(text.dropLast(2)) : text)
    }
  }
}

// MARK: Strings and bytes

extension Wire.Text {
  public static func read(from reader: inout JSONReader) throws(DecodingError) -> String? {
    try reader.readString()
  }

  public static func write(_ value: String, to writer: inout JSONWriter) {
    writer.write(string: value)
  }
}

extension Wire.Bytes {
  // "Either standard or URL-safe base64 encoding with/without paddings are accepted."
  public static func read(from reader: inout JSONReader) throws(DecodingError) -> [UInt8]? {
    let text = try reader.readString().utf8.map { byte in
      switch byte {
      case UInt8(ascii: "-"): UInt8(ascii: "+")
      case UInt8(ascii: "_"): UInt8(ascii: "/")
      default: byte
      }
    }
    guard let bytes = Base64.decode(text.span) else { throw reader.error(.unfitJSON) }
    if !bytes.isEmpty { try reader.charge(bytes.count) }
    return bytes
  }

  public static func write(_ value: [UInt8], to writer: inout JSONWriter) {
    writer.write(quoted: String(decoding: Base64.encode(value), as: UTF8.self))
  }
}

// MARK: Messages

extension Wire.Submessage {
  /// `null` is a value of `google.protobuf.Value`.
  public static var isNullValue: Bool { Value.self == ProtoValue.self }

  public static func read(from reader: inout JSONReader) throws(DecodingError) -> Value? {
    var message = Value()
    try message.merge(from: &reader)
    return message
  }

  public static func write(_ value: Value, to writer: inout JSONWriter) {
    value.encode(into: &writer)
  }
}

/// Of that name there is a type parameter, too.
private typealias ProtoValue = Value

extension Wire.Group {
  public static func read(from reader: inout JSONReader) throws(DecodingError) -> Value? {
    try Wire.Submessage<Value>.read(from: &reader)
  }

  public static func write(_ value: Value, to writer: inout JSONWriter) {
    value.encode(into: &writer)
  }
}
