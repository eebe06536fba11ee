/// A message with so many fields that they are kept on the heap.
///
/// The message itself is then as large as a pointer: copying it, growing a list of it and nesting it
/// cost nothing, and one in which nothing is set takes no memory at all. Its fields are those of
/// `FieldStorage` and are used as if they were its own.
@dynamicMemberLookup
public protocol LargeMessage: Message {
  /// The fields.
  associatedtype FieldStorage: FieldContainer

  /// The fields, shared by copies until one of them changes.
  var fieldStorage: Shared<FieldStorage> { get set }
}

extension LargeMessage {
  /// A field.
  @inlinable
  public subscript<Value>(dynamicMember field: WritableKeyPath<FieldStorage, Value>) -> Value {
    _read { yield fieldStorage.value[keyPath: field] }
    _modify { yield &fieldStorage.value[keyPath: field] }
  }

  /// A member of a oneof.
  @inlinable
  public subscript<Value>(dynamicMember field: KeyPath<FieldStorage, Value>) -> Value {
    fieldStorage.value[keyPath: field]
  }

  /// What was read but is not in the schema.
  @inlinable
  public var unknownFields: UnknownFields {
    _read { yield fieldStorage.value.unknownFields }
    _modify { yield &fieldStorage.value.unknownFields }
  }

  /// Reads a field into the storage.
  @inlinable
  public mutating func decodeField<R: FieldReader & ~Escapable>(
    _ number: Int, from reader: inout R
  ) throws(DecodingError) {
    try fieldStorage.value.decodeField(number, from: &reader)
  }

  /// Reads fields into the storage, which is allocated if there are any.
  @inlinable
  public mutating func merge(from reader: inout Reader) throws(DecodingError) {
    guard !reader.isAtEnd else { return }
    try reader.charge(MemoryLayout<FieldStorage>.size)
    try fieldStorage.value.merge(from: &reader)
  }

  /// Writes the fields of the storage.
  @inlinable
  public func encode(into writer: inout Writer) {
    fieldStorage.value.encode(into: &writer)
  }

  /// Shows the fields of the storage.
  @inlinable
  public func visitFields(_ visitor: inout some FieldVisitor) {
    fieldStorage.value.visitFields(&visitor)
  }
}
