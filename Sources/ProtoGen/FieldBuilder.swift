import Protobuf

/// Turns the descriptors of a message's fields into what generated code needs.
struct FieldBuilder {
  /// `(link.v1.sensitive)`, an extension of `FieldOptions` in `link/v1/options.proto`.
  private static let sensitiveOption = 50601
  /// `debug_redact`, which descriptor.proto has had since protobuf 22.
  private static let redactOption = 16

  let schema: Schema
  let layout: Layout
  let scope: Scope
  /// The name of the file.
  let file: String
  var message: Schema.Entry

  private func place(_ field: FieldDescriptorProto) -> String {
    "\(file): \(message.fullName).\(field.name ?? "")"
  }

  func field(
    _ field: FieldDescriptorProto, comment: String?
  ) throws(GeneratorError) -> Field {
    let value = try value(field)
    let map = try map(field)
    let name = field.name ?? ""
    let jsonName = field.jsonName ?? ""
    return Field(
      number: field.number ?? 0, protoName: name,
      name: Naming.field(name),
      form: map == nil ? form(field) : .map, type: map?.type ?? value.type, zero: value.zero,
      coding: map?.coding ?? value.coding.map { ", as: \($0).self" } ?? "",
      isMessage: field.isMessage, size: layout.size(of: field, in: message.fullName),
      isSensitive: isSensitive(field),
      jsonName: jsonName.isEmpty || jsonName == FieldName.jsonName(name) ? nil : jsonName,
      isRequired: schema.isRequired(field, in: message),
      defaultValue: try defaultValue(field, value), comment: comment)
  }

  private func isSensitive(_ field: FieldDescriptorProto) -> Bool {
    let options = field.options?.unknownFields
    return options?.varint(Self.sensitiveOption) == 1 || options?.varint(Self.redactOption) == 1
  }

  private func defaultValue(
    _ field: FieldDescriptorProto, _ value: ValueType
  ) throws(GeneratorError) -> String? {
    guard let text = field.defaultValue, form(field) == .optional else { return nil }
    if case .enumeration(let enumeration)? = schema.definition(field.typeName) {
      let index = enumeration.value.firstIndex { $0.name == text } ?? 0
      return ".\(Naming.member(EnumGenerator.valueNames(enumeration)[index]))"
    }
    return Literal.value(text, of: value.type)
  }

  /// Type, default and coding of one value.
  private func value(_ field: FieldDescriptorProto) throws(GeneratorError) -> ValueType {
    if let scalar = ValueType(field.type) { return scalar }
    let entry = try schema.entry(field.typeName, place(field))
    let type = scope.reference(to: entry)
    if isGroup(field) { return ValueType(type: type, coding: "Wire.Group<\(type)>") }
    if entry.isClosedEnum {
      return ValueType(type: type, zero: zero(entry), coding: "Wire.ClosedEnumeration<\(type)>")
    }
    return ValueType(type: type, zero: zero(entry))
  }

  /// Whether the field's messages stand between two tags, which nothing in a map does.
  private func isGroup(_ field: FieldDescriptorProto) -> Bool {
    guard field.type == .message else { return field.type == .group }
    let isEntry = schema.message(field.typeName)?.options?.mapEntry == true
    let isInEntry = schema.message(message.fullName)?.options?.mapEntry == true
    return !isEntry && !isInEntry && message.features.overlaid(field).isDelimited
  }

  private func zero(_ entry: Schema.Entry) -> String {
    guard case .enumeration(let enumeration) = entry.definition,
      let index = enumeration.value.firstIndex(where: { $0.number == 0 })
    else { return "" }
    return ".\(Naming.member(EnumGenerator.valueNames(enumeration)[index]))"
  }

  private func form(_ field: FieldDescriptorProto) -> Field.Form {
    let isMessage = field.isMessage
    if field.label == .repeated { return .repeated(isPacked: isPacked(field)) }
    let isOutOfLine = isMessage && layout.isOutOfLine(field, in: message.fullName)
    if let index = field.oneofIndex, field.proto3Optional != true {
      return .member(Int(index), isIndirect: isOutOfLine)
    }
    if isOutOfLine { return .boxed }
    let hasPresence =
      isMessage || field.proto3Optional == true
      || message.features.overlaid(field).presence != .implicit
    return hasPresence ? .optional : .plain
  }

  private func isPacked(_ field: FieldDescriptorProto) -> Bool {
    field.options?.packed ?? message.features.overlaid(field).isPacked
  }

  /// Type and codings of a map, or nil if the field is none.
  private func map(
    _ field: FieldDescriptorProto
  ) throws(GeneratorError) -> (type: String, coding: String)? {
    guard let entry = schema.message(field.typeName), entry.options?.mapEntry == true,
      let key = entry.field.first(where: { $0.number == 1 }),
      let value = entry.field.first(where: { $0.number == 2 })
    else { return nil }
    var inside = self
    inside.message = try schema.entry(field.typeName, place(field))
    let (keys, values) = (try inside.value(key), try inside.value(value))
    let type = "Map<\(keys.type), \(values.type)>"
    guard keys.coding != nil || values.coding != nil else { return (type, "") }
    let keyCoding = keys.coding ?? "\(keys.type).Coding"
    let valueCoding = values.coding ?? "\(values.type).Coding"
    return (type, ", keys: \(keyCoding).self, values: \(valueCoding).self")
  }
}
