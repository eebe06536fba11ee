/// A message with so many fields that they are kept on the heap, in parts.
///
/// The message itself is then as large as a pointer: copying it, growing a list of it and nesting it
/// cost nothing. A part takes memory once one of its fields is set, so that a message needs about as
/// much as it holds, however many fields its schema has.
public protocol LargeMessage: Message {
  /// The parts.
  associatedtype FieldStorage: FieldContainer

  /// The parts, shared by copies until one of them changes.
  var fieldStorage: Sparse<FieldStorage> { get set }
}

extension LargeMessage {
  /// What was read but is not in the schema.
  @inlinable
  public var unknownFields: UnknownFields {
    _read { yield fieldStorage.value.unknownFields }
    _modify { yield &fieldStorage.value.unknownFields }
  }

  /// Reads a field into its part.
  @inlinable
  public mutating func decodeField<R: FieldReader & ~Escapable>(
    _ number: Int, from reader: inout R
  ) throws(DecodingError) {
    try fieldStorage.decodeField(number, from: &reader)
  }

  /// Reads fields into their parts.
  @inlinable
  public mutating func merge(from reader: inout Reader) throws(DecodingError) {
    try fieldStorage.merge(from: &reader)
  }

  /// Writes the fields of all parts.
  @inlinable
  public func encode(into writer: inout Writer) {
    fieldStorage.encode(into: &writer)
  }

  /// Shows the fields of all parts.
  @inlinable
  public func visitFields(_ visitor: inout some FieldVisitor) {
    fieldStorage.visitFields(&visitor)
  }
}
