/// Why bytes are not an encoding of the message asked for.
public struct DecodingError: Error, Hashable, CustomStringConvertible {
  /// The kinds of damage, of which there may be more one day.
  public struct Reason: Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, in words.
    public let description: String

    /// The input ends inside a field, or a length points beyond the end of what holds it.
    public static let truncated = Reason(description: "truncated")
    /// A varint goes on past its tenth byte, or a tag's or length's past its fifth.
    public static let malformedVarint = Reason(description: "malformed varint")
    /// A field number outside 1 to 2^29-1, or one of the wire types 6 and 7.
    public static let invalidTag = Reason(description: "invalid tag")
    /// A `string` field does not hold UTF-8.
    public static let invalidUTF8 = Reason(description: "invalid UTF-8 in a string")
    /// More messages or groups inside one another than the limits allow.
    public static let tooDeep = Reason(description: "nested too deeply")
    /// A group ends that did not begin, or the reverse.
    public static let unbalancedGroup = Reason(description: "unbalanced group")
    /// More memory would be needed than the limits allow for an input of this size.
    public static let tooMuchMemory = Reason(description: "needs more memory than allowed")
    /// A field that the schema requires is not there (proto2).
    public static let missingRequiredField = Reason(description: "a required field is missing")

    /// What should be JSON is not.
    public static let malformedJSON = Reason(description: "malformed JSON")
    /// A JSON value is of a kind, or outside the range, that the field can hold.
    public static let unfitJSON = Reason(description: "a JSON value that does not fit its field")
    /// A JSON object has a member that is no field of the message.
    public static let unknownField = Reason(description: "unknown field")
    /// A JSON object gives a field, a oneof or a key twice.
    public static let duplicateField = Reason(description: "a field or key given twice")
    /// The type of a `google.protobuf.Any` is not among those that the caller named.
    public static let unknownType = Reason(description: "an Any of a type that is not known")
  }

  /// What is wrong.
  public let reason: Reason
  /// How many bytes into the input it was noticed.
  public let offset: Int

  /// An error that was noticed at an offset into the input.
  public init(_ reason: Reason, offset: Int) {
    self.reason = reason
    self.offset = offset
  }

  /// The reason and the offset.
  public var description: String { "\(reason) at byte \(offset)" }
}

/// Why a message has no encoding.
public enum EncodingError: Error, Hashable {
  /// It would take more than 2^31-1 bytes, which no other implementation would read.
  case tooLarge
  /// A field that the schema requires is not set (proto2). The path of the field.
  case missingRequiredField(String)
  /// A value has no JSON form: a time beyond the year 9999, an `Any` of a type that the caller did
  /// not name. What it is.
  case noJSONForm(String)
}
