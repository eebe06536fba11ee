/// Fields that can be read, written and shown.
public protocol FieldSet: Sendable {
  /// Nothing is set.
  init()

  /// Reads the field with this number if the schema has it and the reader finds that it fits.
  mutating func decodeField<R: FieldReader & ~Escapable>(
    _ number: Int, from reader: inout R
  ) throws(DecodingError)

  /// Writes all fields, the last one first.
  func encode(into writer: inout Writer)

  /// Shows the fields that are set, the first one first.
  func visitFields(_ visitor: inout some FieldVisitor)
}

/// What a message consists of: its fields, and those that its schema does not know.
public protocol FieldContainer: FieldSet {
  /// What was read but is not in the schema.
  var unknownFields: UnknownFields { get set }

  /// Reads fields up to the end of the message on top of what is already set.
  mutating func merge(from reader: inout Reader) throws(DecodingError)
}

extension FieldContainer {
  /// Reads fields up to the end of the message; keeps those that nobody knows.
  ///
  /// A requirement although hardly any message has its own, so that each module holds a version
  /// that the compiler has specialised for its messages.
  @inlinable
  public mutating func merge(from reader: inout Reader) throws(DecodingError) {
    while let number = try reader.nextField() {
      try decodeField(number, from: &reader)
      if reader.isFieldUnread { try reader.keepUnknown(in: &unknownFields) }
    }
  }
}

/// A protobuf message: a plain value that has an encoding.
///
/// Two messages are equal if their encodings are, byte for byte. That keeps strings apart that
/// Swift's `==` would take for equal (`é` in one code point and in two), tells -0 from 0 and takes a
/// NaN for itself. Printing, interpolating, dumping and mirroring a message all show `<redacted>` in
/// place of fields that the schema marks as sensitive.
public protocol Message: FieldContainer, FieldValue, Hashable, CustomStringConvertible,
  CustomDebugStringConvertible, CustomReflectable
{
  /// Delimited by its length.
  associatedtype Coding = Wire.Submessage<Self>

  /// The full name in the schema: `link.v1.Account`.
  static var messageName: String { get }

  /// What the fields are called.
  static var fieldNames: FieldNames { get }

  /// The numbers of the fields that must be set (proto2).
  static var requiredFields: [Int] { get }

  /// Whether there are required fields, here or in a message inside.
  static var hasRequiredFields: Bool { get }

  /// Whether the JSON form is something else than an object of the fields.
  static var hasOwnJSONForm: Bool { get }

  /// Reads the JSON form on top of what is already set.
  mutating func merge(from reader: inout JSONReader) throws(DecodingError)

  /// Writes the JSON form.
  func encode(into writer: inout JSONWriter)
}

extension Message {
  /// None.
  public static var requiredFields: [Int] { [] }
  /// There are none.
  public static var hasRequiredFields: Bool { false }
  /// It is an object of the fields, except for some well-known types.
  public static var hasOwnJSONForm: Bool { false }

  /// Reads a message.
  ///
  /// Never traps, whatever the bytes are, and allocates only what the limits allow.
  @inlinable
  public init(
    serialized bytes: Span<UInt8>, limits: DecodingLimits = .default
  ) throws(DecodingError) {
    self.init()
    var reader = Reader(bytes, limits: limits)
    try merge(from: &reader)
    if Self.hasRequiredFields { try checkRequiredFields(offset: bytes.count) }
  }

  /// Reads a message.
  @inlinable
  public init(
    serialized bytes: [UInt8], limits: DecodingLimits = .default
  ) throws(DecodingError) {
    try self.init(serialized: bytes.span, limits: limits)
  }

  /// Appends the encoding.
  ///
  /// Equal messages have equal encodings: maps are ordered by key.
  @inlinable
  public func serialize(appendingTo buffer: inout [UInt8]) throws(EncodingError) {
    if Self.hasRequiredFields { try checkRequiredFields() }
    var writer = Writer()
    encode(into: &writer)
    try writer.finish(appendingTo: &buffer)
  }

  /// The encoding.
  @inlinable
  public func serialized() throws(EncodingError) -> [UInt8] {
    var bytes: [UInt8] = []
    try serialize(appendingTo: &bytes)
    return bytes
  }
}

extension Message {
  /// A message that `body` has filled in.
  @inlinable
  public static func with<Failure: Error>(
    _ body: (inout Self) throws(Failure) -> Void
  ) throws(Failure) -> Self {
    var message = Self()
    try body(&message)
    return message
  }

  /// Whether both have the same encoding.
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

  /// The fields that are set, on one line, sensitive ones redacted.
  ///
  /// For people: the form may change.
  public var description: String {
    var description = MessageDescription()
    description.write(message: self)
    return "\(Self.messageName) \(description.text)"
  }

  /// The description.
  public var debugDescription: String { description }

  /// Nothing but the description, so that mirrors do not reach sensitive fields.
  public var customMirror: Mirror { Mirror(self, children: []) }
}
