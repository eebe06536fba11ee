private import Glibc

/// The fields of one HEADERS frame, in order, in a single buffer: an arriving request costs one
/// allocation, not two strings for each field.
///
/// Names are lower case, pseudo-header fields come first. A block that is sent again and again (the
/// headers of every response, the trailers of every success) is best made once and kept.
public struct HeaderBlock: Sendable, Hashable {
  // Each field is a length of its name, a length of its value (four bytes each, least significant
  // byte first), the name and the value. The top bit of the first length marks a sensitive field.
  private(set) var bytes: [UInt8]

  /// How many fields there are.
  public private(set) var count = 0

  /// The size as SETTINGS_MAX_HEADER_LIST_SIZE counts it: 32 bytes more for each field.
  ///
  /// RFC 9113, section 6.5.2.
  public var listSize: Int { bytes.count + count * (Self.overhead - Self.prefix) }

  static let overhead = 32
  private static let prefix = 8
  private static let sensitive: UInt32 = 1 << 31

  /// An empty block with room for `capacity` bytes of names and values.
  public init(reserving capacity: Int = 0) {
    bytes = []
    bytes.reserveCapacity(capacity)
  }

  /// A block of text fields.
  public init(_ fields: KeyValuePairs<String, String>) {
    self.init()
    for (name, value) in fields { append(name, value) }
  }

  /// Whether there are no fields.
  public var isEmpty: Bool { count == 0 }

  /// Appends a text field.
  ///
  /// A sensitive field never enters the compression table of either side (RFC 7541, section 7.1.3).
  public mutating func append(_ name: String, _ value: String, isSensitive: Bool = false) {
    append(name: name.utf8, value: value.utf8, isSensitive: isSensitive)
  }

  /// Appends a field as bytes.
  ///
  /// What the protocol forbids in it makes the sending of the block fail, not this.
  public mutating func append(
    name: some Collection<UInt8>, value: some Collection<UInt8>, isSensitive: Bool = false
  ) {
    appendPrefix(name.count, value.count, isSensitive)
    bytes.append(contentsOf: name)
    bytes.append(contentsOf: value)
  }

  /// Takes fields that `write` has written.
  init(_ fields: UnsafeRawBufferPointer, count: Int) {
    unsafe bytes = Array(fields)
    self.count = count
  }

  /// Writes a field in the form of this buffer to `room`, which has `size(of:_:)` bytes.
  static func write(
    name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>, isSensitive: Bool,
    to room: UnsafeMutableRawPointer
  ) {
    unsafe room.storeBytes(of: lengths(name.count, value.count, isSensitive), as: UInt64.self)
    if let start = name.baseAddress {
      unsafe (room + prefix).copyMemory(from: start, byteCount: name.count)
    }
    if let start = value.baseAddress {
      unsafe (room + prefix + name.count).copyMemory(from: start, byteCount: value.count)
    }
  }

  /// What `write` takes for a field with a name and a value of these lengths.
  static func size(of name: Int, _ value: Int) -> Int { prefix + name + value }

  private static func lengths(_ name: Int, _ value: Int, _ isSensitive: Bool) -> UInt64 {
    let mark = isSensitive ? UInt64(sensitive) : 0
    return (UInt64(UInt32(clamping: name)) | mark | UInt64(UInt32(clamping: value)) << 32)
      .littleEndian
  }

  private mutating func appendPrefix(_ nameCount: Int, _ valueCount: Int, _ isSensitive: Bool) {
    precondition(
      nameCount < Self.sensitive && valueCount < Self.sensitive, "a field of two gigabytes")
    let lengths = Self.lengths(nameCount, valueCount, isSensitive)
    unsafe withUnsafeBytes(of: lengths) { unsafe bytes.append(contentsOf: $0) }
    count += 1
  }

  /// Where a field lies in the buffer.
  struct Place {
    let name: Range<Int>
    let value: Range<Int>
    let isSensitive: Bool
  }

  /// The field whose lengths are at `offset`, which moves to the next one; nil at the end.
  func place(at offset: inout Int) -> Place? {
    guard offset < bytes.count else { return nil }
    let lengths = lengths(at: offset)
    let mark = UInt32(truncatingIfNeeded: lengths)
    let nameStart = offset + Self.prefix
    let valueStart = nameStart + Int(mark & ~Self.sensitive)
    offset = valueStart + Int(lengths >> 32)
    return Place(
      name: nameStart..<valueStart, value: valueStart..<offset,
      isSensitive: mark & Self.sensitive != 0)
  }

  private func lengths(at offset: Int) -> UInt64 {
    // In bounds: only `append` writes here, and `offset` is where one of its fields begins.
    let raw = unsafe bytes.withUnsafeBytes {
      unsafe $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }
    return UInt64(littleEndian: raw)
  }
}

// MARK: - Looking at fields

/// One field of a block.
///
/// Its slices share the block's buffer.
public struct HeaderField: Sendable, Hashable {
  /// The name, in lower case.
  public let name: ArraySlice<UInt8>
  /// The value: any bytes but NUL, CR and LF.
  public let value: ArraySlice<UInt8>
  /// Whether the field must not enter a compression table.
  public let isSensitive: Bool

  /// Whether this is the field called `name`, which is given in lower case.
  public func isNamed(_ name: StaticString) -> Bool {
    guard self.name.count == name.utf8CodeUnitCount else { return false }
    return unsafe self.name.withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress else { return true }
      return unsafe memcmp(start, name.utf8Start, bytes.count) == 0
    }
  }
}

extension HeaderBlock: Sequence {
  /// Walks the fields in order.
  public struct Iterator: IteratorProtocol {
    fileprivate let block: HeaderBlock
    fileprivate var offset = 0

    /// The next field, or nil after the last.
    public mutating func next() -> HeaderField? {
      guard let place = block.place(at: &offset) else { return nil }
      return HeaderField(
        name: block.bytes[place.name], value: block.bytes[place.value],
        isSensitive: place.isSensitive)
    }
  }

  /// Starts at the first field.
  public func makeIterator() -> Iterator { Iterator(block: self) }

  /// Lends the name and the value of each field in turn, without a copy.
  public func forEachField(_ body: (_ name: Span<UInt8>, _ value: Span<UInt8>) -> Void) {
    let all = bytes.span
    var offset = 0
    while let place = place(at: &offset) {
      body(all.extracting(place.name), all.extracting(place.value))
    }
  }

  /// The exact number of fields.
  public var underestimatedCount: Int { count }

  /// The value of the first field called `name`, which is given in lower case.
  public subscript(_ name: StaticString) -> ArraySlice<UInt8>? {
    first { $0.isNamed(name) }?.value
  }

  /// The value of the first field called `name` as text; what is not UTF-8 is replaced.
  public func string(_ name: StaticString) -> String? {
    self[name].map { String(decoding: $0, as: UTF8.self) }
  }
}

extension HeaderBlock: CustomStringConvertible {
  /// One `name: value` a line, without the values of sensitive fields.
  ///
  /// For tests and debuggers.
  public var description: String {
    map { field in
      let name = String(decoding: field.name, as: UTF8.self)
      let value = field.isSensitive ? "***" : String(decoding: field.value, as: UTF8.self)
      return "\(name): \(value)"
    }.joined(separator: "\n")
  }
}
