/// How JSON is read.
public struct JSONDecodingOptions: Sendable {
  /// Whether members of objects that are no fields, and enum values with unknown names, are passed
  /// over instead of refused.
  public var ignoreUnknownFields: Bool
  /// The types that a `google.protobuf.Any` may hold besides the well-known ones.
  public var types: TypeRegistry
  /// What is put up with.
  public var limits: DecodingLimits

  /// Strict, with the limits that fit input from strangers, except where named.
  public init(
    ignoreUnknownFields: Bool = false, types: TypeRegistry = TypeRegistry(),
    limits: DecodingLimits = .default
  ) {
    self.ignoreUnknownFields = ignoreUnknownFields
    self.types = types
    self.limits = limits
  }
}

/// How JSON is written.
public struct JSONEncodingOptions: Sendable {
  /// Whether fields have the names of the schema instead of those in lower camel case.
  public var preservesFieldNames: Bool
  /// Whether fields without presence are written although they hold the default.
  public var includesDefaults: Bool
  /// Whether enum values are numbers instead of names.
  public var writesEnumsAsNumbers: Bool
  /// The types that a `google.protobuf.Any` may hold besides the well-known ones.
  public var types: TypeRegistry

  /// As the specification has it, except where named.
  public init(
    preservesFieldNames: Bool = false, includesDefaults: Bool = false,
    writesEnumsAsNumbers: Bool = false, types: TypeRegistry = TypeRegistry()
  ) {
    self.preservesFieldNames = preservesFieldNames
    self.includesDefaults = includesDefaults
    self.writesEnumsAsNumbers = writesEnumsAsNumbers
    self.types = types
  }
}

extension Message {
  /// Reads the JSON form.
  ///
  /// Strict: what is not JSON, names no field, does not fit its field or comes twice is refused.
  public init(
    json bytes: Span<UInt8>, options: JSONDecodingOptions = JSONDecodingOptions()
  ) throws(DecodingError) {
    self.init()
    var reader = JSONReader(bytes, options: options)
    try reader.readDocument(into: &self)
    if Self.hasRequiredFields { try checkRequiredFields(offset: bytes.count) }
  }

  /// Reads the JSON form.
  public init(
    json bytes: [UInt8], options: JSONDecodingOptions = JSONDecodingOptions()
  ) throws(DecodingError) {
    try self.init(json: bytes.span, options: options)
  }

  /// Reads the JSON form.
  public init(
    json text: String, options: JSONDecodingOptions = JSONDecodingOptions()
  ) throws(DecodingError) {
    try self.init(json: text.utf8.span, options: options)
  }

  /// The JSON form as UTF-8, without white space.
  ///
  /// Shows sensitive fields, as the encoding does: it is for programs.
  public func jsonBytes(
    options: JSONEncodingOptions = JSONEncodingOptions()
  ) throws(EncodingError) -> [UInt8] {
    if Self.hasRequiredFields { try checkRequiredFields() }
    var writer = JSONWriter(options: options)
    encode(into: &writer)
    return try writer.finish()
  }

  /// The JSON form, without white space.
  public func json(
    options: JSONEncodingOptions = JSONEncodingOptions()
  ) throws(EncodingError) -> String {
    String(decoding: try jsonBytes(options: options), as: UTF8.self)
  }
}
