import Protobuf

/// A message as generated code needs it, with everything that is declared in it.
struct MessageModel {
  /// A oneof: its property, its type and its members.
  struct Oneof {
    let property: String
    let type: String
    let comment: String?
    let members: [Field]
  }

  let entry: Schema.Entry
  /// The type as code inside it names it.
  let reference: String
  let isLarge: Bool
  /// Whether there are required fields, here or in a message inside.
  let hasRequiredFields: Bool
  let comment: String?
  let fields: [Field]
  /// The fields of a large message, as they are kept.
  let parts: [Part]
  /// By their index in the schema; those that the compiler makes for `optional` have no members.
  let oneofs: [Oneof]
  let nested: [MessageModel]
  let enums: [EnumGenerator]

  init(
    _ message: DescriptorProto, fullName: String, path: [Int32], in outer: Scope,
    _ context: FileContext
  ) throws(GeneratorError) {
    entry = try context.schema.entry(fullName, context.file.name ?? "")
    comment = context.comments[path] ?? "`\(fullName)`."
    var scope = outer
    scope.nestedNames.formUnion(Self.nestedNames(message))
    scope.nestedNames.formUnion(message.field.indices.map { "Part\($0 + 1)" })
    let fields = try Self.fields(message, fullName, path, scope, context)
    self.fields = fields
    reference = scope.reference(to: entry)
    isLarge = context.layout.isLarge(fullName)
    parts = isLarge ? Part.split(fields) : []
    hasRequiredFields = context.layout.hasRequiredFields(fullName)
    oneofs = message.oneofDecl.enumerated().map { index, oneof in
      Oneof(
        property: Naming.field(oneof.name ?? ""), type: Self.oneofType(oneof, message),
        comment: context.comments[path.appending(Path.oneofs, index)],
        members: fields.filter { $0.oneofIndex == index })
    }
    nested = try Self.nested(message, fullName, path, scope, context)
    enums = message.enumType.enumerated().map { index, nested in
      EnumGenerator(
        enumeration: nested, name: Naming.type(nested.name ?? ""), access: context.access,
        comments: context.comments, path: path.appending(Path.nestedEnums, index))
    }
  }

  private static func fields(
    _ message: DescriptorProto, _ fullName: String, _ path: [Int32], _ scope: Scope,
    _ context: FileContext
  ) throws(GeneratorError) -> [Field] {
    let builder = FieldBuilder(
      schema: context.schema, layout: context.layout, scope: scope,
      file: context.file.name ?? "",
      message: try context.schema.entry(fullName, context.file.name ?? ""))
    var fields: [Field] = []
    for (index, field) in message.field.enumerated() {
      let comment = context.comments[path.appending(Path.fields, index)]
      fields.append(try builder.field(field, comment: comment))
    }
    let names = Naming.unique(fields.map { ($0.name, $0.number) })
    for index in fields.indices { fields[index].name = names[index] }
    return fields
  }

  /// The messages declared inside, without the entries of maps, which have a type of their own.
  private static func nested(
    _ message: DescriptorProto, _ fullName: String, _ path: [Int32], _ scope: Scope,
    _ context: FileContext
  ) throws(GeneratorError) -> [MessageModel] {
    var nested: [MessageModel] = []
    for (index, inner) in message.nestedType.enumerated() where inner.options?.mapEntry != true {
      nested.append(
        try MessageModel(
          inner, fullName: "\(fullName).\(inner.name ?? "")",
          path: path.appending(Path.nestedMessages, index), in: scope, context))
    }
    return nested
  }

  private static func nestedNames(_ message: DescriptorProto) -> [String] {
    (message.nestedType.map(\.name) + message.enumType.map(\.name)).map { Naming.type($0 ?? "") }
      + message.oneofDecl.map { oneofType($0, message) }
  }

  /// The name of the oneof, unless a nested type has it.
  private static func oneofType(
    _ oneof: OneofDescriptorProto, _ message: DescriptorProto
  ) -> String {
    let name = Naming.type(oneof.name ?? "")
    let nested = message.nestedType.map(\.name) + message.enumType.map(\.name)
    return nested.contains { Naming.type($0 ?? "") == name } ? name + "Choice" : name
  }
}

extension [Int32] {
  /// The path of what has this index in a list.
  func appending(_ list: Int32, _ index: Int) -> [Int32] {
    self + [list, Int32(truncatingIfNeeded: index)]
  }
}
