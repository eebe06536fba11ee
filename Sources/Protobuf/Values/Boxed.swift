/// Keeps a message field out of line: one that can contain its own kind, or is large.
///
/// A value like any other: copies share the message until one of them changes it.
@propertyWrapper
public struct Boxed<Value: Message>: Sendable {
  @usableFromInline
  indirect enum Storage: Sendable {
    case some(Value)
  }

  @usableFromInline var storage: Storage?

  /// Holds no message.
  @inlinable public init() {}

  /// Holds a message, or none.
  @inlinable
  public init(wrappedValue: Value?) {
    self.wrappedValue = wrappedValue
  }

  /// The message, or nil where none is set.
  @inlinable
  public var wrappedValue: Value? {
    get {
      switch storage {
      case .some(.some(let value)): value
      case nil: nil
      }
    }
    set { storage = newValue.map(Storage.some) }
  }

  /// Takes the message out, which leaves none.
  @inlinable
  mutating func take() -> Value? {
    defer { storage = nil }
    return wrappedValue
  }
}
