import Protobuf

/// A field as generated code needs it.
struct Field {
  /// How a field is declared and when it is written.
  enum Form: Equatable {
    /// A value that is written unless it is the default.
    case plain
    /// An optional.
    case optional
    /// An optional message out of line.
    case boxed
    case repeated(isPacked: Bool)
    case map
    /// A member of the oneof with this index.
    case member(Int, isIndirect: Bool)
  }

  let number: Int32
  /// The name in the schema.
  let protoName: String
  /// The name in Swift, in backticks if it must be.
  var name: String
  let form: Form
  /// The type of one value, or of the whole map.
  let type: String
  /// What an unset field of form `plain` holds.
  let zero: String
  /// The arguments that name codings where they are not the type's own: `, as: …`.
  let coding: String
  let isMessage: Bool
  /// About how many bytes it takes in the message.
  let size: Int
  let isSensitive: Bool
  /// The name in JSON if it is not the usual one.
  let jsonName: String?
  let isRequired: Bool
  /// The default that the schema gives to a field with presence, as an expression.
  let defaultValue: String?
  let comment: String?

  /// The oneof that the field is a member of.
  var oneofIndex: Int? {
    if case .member(let index, _) = form { index } else { nil }
  }

  /// The type and the initial value of the stored property.
  var declaration: String {
    switch form {
    case .plain: "\(name): \(declaredType) = \(zero)"
    case .optional, .boxed, .member: "\(name): \(declaredType)"
    case .repeated: "\(name): \(declaredType) = []"
    case .map: "\(name): \(declaredType) = [:]"
    }
  }

  /// The type of the property.
  var declaredType: String {
    switch form {
    case .plain, .map: type
    case .optional, .boxed, .member: "\(type)?"
    case .repeated: "[\(type)]"
    }
  }

  /// The property as an expression inside the functions that read and write it.
  ///
  /// Parameters hide it, and some words begin an expression of another kind.
  var expression: String { Naming.hidden.contains(name) ? "self.\(name)" : name }

  /// For a member of a oneof that is a message: what the oneof calls its value.
  var currentValue: String { Naming.member(name).filter { $0 != "`" } + "Value" }

  /// The entry in the table of names.
  var nameEntry: String {
    let sensitive = isSensitive ? ", sensitive: true" : ""
    guard let jsonName else {
      return isSensitive ? ".sensitive(\"\(protoName)\")" : "\"\(protoName)\""
    }
    return "FieldName(\"\(protoName)\", json: \(Literal.string(jsonName))\(sensitive))"
  }
}

/// The Swift type of a field's value, its default and its coding if that is not the type's own.
struct ValueType {
  let type: String
  let zero: String
  let coding: String?

  init?(_ type: FieldDescriptorProto.ProtoType?) {
    switch type {
    case .double: self.init("Double", "0")
    case .float: self.init("Float", "0")
    case .int64: self.init("Int64", "0")
    case .uint64: self.init("UInt64", "0")
    case .int32: self.init("Int32", "0")
    case .fixed64: self.init("UInt64", "0", "Wire.Fixed<UInt64>")
    case .fixed32: self.init("UInt32", "0", "Wire.Fixed<UInt32>")
    case .bool: self.init("Bool", "false")
    case .string: self.init("String", "\"\"")
    case .bytes: self.init("[UInt8]", "[]")
    case .uint32: self.init("UInt32", "0")
    case .sfixed32: self.init("Int32", "0", "Wire.Fixed<Int32>")
    case .sfixed64: self.init("Int64", "0", "Wire.Fixed<Int64>")
    case .sint32: self.init("Int32", "0", "Wire.ZigZag<Int32>")
    case .sint64: self.init("Int64", "0", "Wire.ZigZag<Int64>")
    default: return nil
    }
  }

  /// A message or an enum.
  init(type: String, zero: String = "", coding: String? = nil) { self.init(type, zero, coding) }

  private init(_ type: String, _ zero: String, _ coding: String? = nil) {
    self.type = type
    self.zero = zero
    self.coding = coding
  }
}
