/// A oneof: which of its members is set, and to what.
public protocol Oneof: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  /// What the members are called; those of the message's other fields are there, too.
  static var fieldNames: FieldNames { get }

  /// Writes the member that is set.
  func encode(into writer: inout Writer)
  /// Shows the member that is set.
  func visitFields(_ visitor: inout some FieldVisitor)
}

extension Oneof {
  /// Whether both have the same member set to a value with the same encoding.
  public static func == (first: Self, second: Self) -> Bool {
    var one = Writer()
    var other = Writer()
    first.encode(into: &one)
    second.encode(into: &other)
    return one.isEqual(to: other)
  }

  /// Hashes the encoding.
  public func hash(into hasher: inout Hasher) {
    var writer = Writer()
    encode(into: &writer)
    writer.hash(into: &hasher)
  }

  /// The member that is set, redacted if it is sensitive.
  public var description: String {
    var description = MessageDescription(names: Self.fieldNames)
    visitFields(&description)
    return description.text
  }

  /// The description.
  public var debugDescription: String { description }

  /// Nothing but the description, so that mirrors do not reach sensitive fields.
  public var customMirror: Mirror { Mirror(self, children: []) }
}
