/// How the value after a tag is laid out: the low three bits of the tag.
public enum WireType: UInt8, Sendable {
  /// Base-128, least significant group first: all integers, `bool` and enums.
  case varint = 0
  /// Eight bytes, little-endian: `fixed64`, `sfixed64`, `double`.
  case fixed64 = 1
  /// A length and as many bytes: strings, bytes, messages, maps and packed repeated fields.
  case lengthDelimited = 2
  /// Opens a group (proto2 only; kept as an unknown field).
  case startGroup = 3
  /// Closes the group with the same field number.
  case endGroup = 4
  /// Four bytes, little-endian: `fixed32`, `sfixed32`, `float`.
  case fixed32 = 5
}
