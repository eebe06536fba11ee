/// A singular field that another file adds to messages of a type (proto2).
///
/// Its value is kept with the unknown fields of the message, where this finds it:
///
///     let priority = Extension<Note, Wire.Varint<Int32>>(100, "example.priority")
///     note[priority] = 5
public struct Extension<Extended: Message, Coding: FieldCoding>: MessageExtension {
  /// The number of the field.
  public let number: Int
  /// The full name of the field.
  public let name: String

  /// The extension with this number and full name.
  public init(_ number: Int, _ name: String) {
    self.number = number
    self.name = name
  }
}

extension Message {
  /// The value of an extension; nil where it is not set.
  public subscript<Coding: FieldCoding>(field: Extension<Self, Coding>) -> Coding.Value? {
    get { unknownFields.value(field.number, Coding.self) }
    set {
      unknownFields.remove(field.number)
      guard let newValue else { return }
      unknownFields.append(field.number, newValue, Coding.self)
    }
  }
}

/// An extension of whatever type: what JSON needs to know of it.
public protocol MessageExtension: Sendable {
  /// The full name of the message that is extended.
  var messageName: String { get }
  /// The number of the field.
  var number: Int { get }
  /// The full name of the field.
  var name: String { get }

  /// Whether the field is among these.
  func isSet(in unknownFields: UnknownFields) -> Bool
  /// Reads the JSON form and gives the field as the wire has it; nil for what is to be ignored.
  func read(from reader: inout JSONReader) throws(DecodingError) -> [UInt8]?
  /// Writes the JSON form of the field.
  func write(from unknownFields: UnknownFields, to writer: inout JSONWriter)
}

extension Extension {
  /// The full name of the message that is extended.
  public var messageName: String { Extended.messageName }

  /// Whether the field is among these.
  public func isSet(in unknownFields: UnknownFields) -> Bool {
    unknownFields.value(number, Coding.self) != nil
  }

  /// Reads the JSON form and gives the field as the wire has it.
  public func read(from reader: inout JSONReader) throws(DecodingError) -> [UInt8]? {
    guard let value = try Coding.read(from: &reader) else { return nil }
    var field = UnknownFields()
    field.append(number, value, Coding.self)
    return field.bytes
  }

  /// Writes the JSON form of the field.
  public func write(from unknownFields: UnknownFields, to writer: inout JSONWriter) {
    if let value = unknownFields.value(number, Coding.self) { Coding.write(value, to: &writer) }
  }
}
