import Protobuf

/// Turns the descriptors of a message's fields into what generated code needs.
struct FieldBuilder {
  /// `(link.v1.sensitive)`, an extension of `FieldOptions` in `link/v1/options.proto`.
  private static let sensitiveOption = 50601

  let schema: Schema
  let layout: Layout
  let scope: Scope
  let file: FileDescriptorProto
  /// The full name of the message.
  let message: String

  private func place(_ field: FieldDescriptorProto) -> String {
    "\(file.name ?? ""): \(message).\(field.name ?? "")"
  }

  func field(
    _ field: FieldDescriptorProto, comment: String?
  ) throws(GeneratorError) -> Field {
    let isSensitive = field.options?.unknownFields.varint(Self.sensitiveOption) == 1
    let value = try value(field)
    let form = form(field)
    let map = try map(field)
    return Field(
      number: field.number ?? 0, protoName: field.name ?? "",
      name: Naming.field(field.name ?? ""), form: map == nil ? form : .map,
      type: map?.type ?? value.type, zero: value.zero,
      coding: map?.coding ?? value.coding.map { ", as: \($0).self" } ?? "",
      isSensitive: isSensitive, comment: comment)
  }

  /// Type, default and coding of one value.
  private func value(_ field: FieldDescriptorProto) throws(GeneratorError) -> ValueType {
    if let scalar = ValueType(field.type) { return scalar }
    if field.type == .group {
      throw GeneratorError(place(field), "is a group, which are not generated yet")
    }
    let entry = try schema.entry(field.typeName, place(field))
    return ValueType(type: scope.reference(to: entry), zero: zero(entry))
  }

  private func zero(_ entry: Schema.Entry) -> String {
    guard case .enumeration(let enumeration) = entry.definition,
      let index = enumeration.value.firstIndex(where: { $0.number == 0 })
    else { return "" }
    return ".\(Naming.member(EnumGenerator.valueNames(enumeration)[index]))"
  }

  private func form(_ field: FieldDescriptorProto) -> Field.Form {
    let isMessage = field.type == .message
    if field.label == .repeated { return .repeated(isPacked: isPacked(field)) }
    let isOutOfLine = isMessage && layout.isOutOfLine(field, in: message)
    if let index = field.oneofIndex, field.proto3Optional != true {
      return .member(Int(index), isIndirect: isOutOfLine)
    }
    if isOutOfLine { return .boxed }
    let hasPresence = isMessage || field.proto3Optional == true || file.syntax != "proto3"
    return hasPresence ? .optional : .plain
  }

  private func isPacked(_ field: FieldDescriptorProto) -> Bool {
    field.options?.packed ?? (file.syntax == "proto3")
  }

  /// Type and codings of a map, or nil if the field is none.
  private func map(
    _ field: FieldDescriptorProto
  ) throws(GeneratorError) -> (type: String, coding: String)? {
    guard let entry = schema.message(field.typeName), entry.options?.mapEntry == true,
      let key = entry.field.first(where: { $0.number == 1 }),
      let value = entry.field.first(where: { $0.number == 2 })
    else { return nil }
    let (keys, values) = (try self.value(key), try self.value(value))
    let type = "Map<\(keys.type), \(values.type)>"
    guard keys.coding != nil || values.coding != nil else { return (type, "") }
    let keyCoding = keys.coding ?? "\(keys.type).Coding"
    let valueCoding = values.coding ?? "\(values.type).Coding"
    return (type, ", keys: \(keyCoding).self, values: \(valueCoding).self")
  }
}
