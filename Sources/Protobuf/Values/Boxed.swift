/// Keeps a message field out of line: one that can contain its own kind, or is large.
///
/// A value like any other: copies share the message until one of them changes it.
@propertyWrapper
public struct Boxed<Value: Sendable>: Sendable {
  @usableFromInline var box: Shared<Value>?

  /// Holds no message.
  @inlinable public init() {}

  /// Holds a message, or none.
  @inlinable
  public init(wrappedValue: Value?) {
    box = wrappedValue.map(Shared.init)
  }

  /// The message, or nil where none is set.
  @inlinable
  public var wrappedValue: Value? {
    get { box?.value }
    set {
      if let newValue, box != nil {
        box?.value = newValue
      } else {
        box = newValue.map(Shared.init)
      }
    }
  }
}

/// A value on the heap: copies share it until one of them changes it.
public struct Shared<Value: Sendable>: Sendable {
  /// Immutable while it is shared, which makes it safe to send.
  ///
  /// Only `Shared.value` changes it, and copies it first if it is not the only reference.
  @usableFromInline
  final class Storage: @unchecked Sendable {
    @usableFromInline var value: Value
    @inlinable init(_ value: Value) { self.value = value }
  }

  @usableFromInline var storage: Storage

  /// Moves a value to the heap.
  @inlinable
  public init(_ value: Value) {
    storage = Storage(value)
  }

  /// The value, which is changed in place if nobody shares it.
  @inlinable
  public var value: Value {
    _read { yield storage.value }
    _modify {
      makeUnique()
      yield &storage.value
    }
  }

  /// A function of its own, so that the copy is gone from the stack when messages inside are read.
  @inlinable @inline(never)
  mutating func makeUnique() {
    if !isKnownUniquelyReferenced(&storage) { storage = Storage(storage.value) }
  }
}
