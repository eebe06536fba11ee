/// Holds something that must not be seen, and shows none of its parts however it is printed:
/// described, interpolated, reflected or dumped.
public protocol Redacted: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
}

extension Redacted {
  /// The type's name and `***`.
  public var description: String { "\(Self.self)(***)" }
  /// The same as `description`.
  public var debugDescription: String { description }
  /// A leaf, so that `dump` and debuggers find nothing to show.
  public var customMirror: Mirror { Mirror(self, children: []) }
}
