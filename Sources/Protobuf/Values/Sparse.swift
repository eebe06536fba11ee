/// Fields that take no memory until one of them is set.
///
/// A value like any other: copies share the fields until one of them changes them.
public struct Sparse<Fields: FieldSet>: Sendable {
  /// Immutable while it is shared: see `Shared.Storage`.
  @usableFromInline var storage: Shared<Fields>.Storage?

  /// Nothing is set.
  @inlinable public init() {}

  /// The fields, which are changed in place if nobody shares them.
  @inlinable
  public var value: Fields {
    _read {
      if let storage { yield storage.value } else { yield Fields() }
    }
    _modify { yield &unique().value }
  }

  /// Memory that nobody else uses: what is there, a copy of it, or new.
  ///
  /// A function of its own, so that the copy is gone from the stack when messages inside are read.
  @inlinable @inline(never)
  mutating func unique() -> Shared<Fields>.Storage {
    if isKnownUniquelyReferenced(&storage), let storage { return storage }
    let unique = Shared<Fields>.Storage(storage?.value ?? Fields())
    storage = unique
    return unique
  }

  /// Reads a field, for which memory is allocated if the reader still has some.
  @inlinable @inline(never)
  public mutating func decodeField<R: FieldReader & ~Escapable>(
    _ number: Int, from reader: inout R
  ) throws(DecodingError) {
    if storage == nil { try reader.willAllocate(MemoryLayout<Fields>.size) }
    try value.decodeField(number, from: &reader)
  }

  /// Writes the fields, if there are any.
  @inlinable @inline(never)
  public func encode(into writer: inout Writer) {
    if let storage { storage.value.encode(into: &writer) }
  }

  /// Shows the fields.
  @inlinable
  public func visitFields(_ visitor: inout some FieldVisitor) {
    value.visitFields(&visitor)
  }
}

extension Sparse where Fields: FieldContainer {
  /// Reads fields up to the end of the message; memory is allocated if there are any.
  @inlinable @inline(never)
  public mutating func merge(from reader: inout Reader) throws(DecodingError) {
    guard !reader.isAtEnd else { return }
    if storage == nil { try reader.willAllocate(MemoryLayout<Fields>.size) }
    try value.merge(from: &reader)
  }
}
