/// Prints the declaration of a message: the struct with its properties and what is nested in it.
struct MessageGenerator {
  let message: MessageModel
  let access: String

  var name: String { message.entry.path.joined(separator: ".") }
  var nested: [MessageGenerator] {
    message.nested.map { MessageGenerator(message: $0, access: access) }
  }

  /// Prints the struct, and in it those of the messages that are declared inside.
  func printDeclaration(to printer: inout CodePrinter) {
    printer.comment(message.comment)
    let conformance = message.isLarge ? ": LargeMessage" : ""
    printer.block("\(access)struct \(message.entry.path.last ?? "")\(conformance)") { printer in
      if message.isLarge {
        printLargeProperties(to: &printer)
      } else {
        printProperties(to: &printer)
      }
      printNestedTypes(to: &printer)
    }
  }

  private func printProperties(to printer: inout CodePrinter) {
    for field in message.fields { printProperty(field, to: &printer) }
    printer.line("\(access)var unknownFields = UnknownFields()")
    printer.line()
    printer.line("\(access)init() {}")
  }

  private func printProperty(_ field: Field, to printer: inout CodePrinter) {
    if let index = field.oneofIndex {
      let oneof = message.oneofs[index]
      if oneof.members.first?.number == field.number {
        printer.comment(oneof.comment)
        printer.line("\(access)var \(oneof.property): \(message.name(of: oneof))?")
      }
      printAccessor(field, of: oneof, to: &printer)
    } else {
      printer.comment(field.comment)
      printer.line("\(field.form == .boxed ? "@Boxed " : "")\(access)var \(field.declaration)")
      printDefault(of: field, to: &printer)
    }
  }

  /// Prints what gives the default of the schema where the field is not set.
  func printDefault(of field: Field, to printer: inout CodePrinter) {
    guard let value = field.defaultValue else { return }
    let name = Naming.member(field.name)
    printer.line("/// `\(name)`, or what the schema gives as its default.")
    let body = "self.\(name) ?? \(value)"
    printer.line("\(access)var \(name)OrDefault: \(field.type) { \(body) }")
  }

  /// Prints what gives a member of a oneof if it is set.
  func printAccessor(
    _ field: Field, of oneof: MessageModel.Oneof, to printer: inout CodePrinter
  ) {
    printer.comment(field.comment)
    printer.block("\(access)var \(field.declaration)") { printer in
      let pattern = ".\(Naming.member(field.name))(let value)?"
      printer.line("if case \(pattern) = \(oneof.property) { value } else { nil }")
    }
  }

  private func printNestedTypes(to printer: inout CodePrinter) {
    for oneof in message.oneofs where !oneof.members.isEmpty {
      printer.line()
      OneofGenerator(
        name: oneof.type, members: oneof.members, access: access, comment: oneof.comment,
        message: message.reference
      ).print(to: &printer)
    }
    for enumeration in message.enums {
      printer.line()
      enumeration.print(to: &printer)
    }
    for nested in nested {
      printer.line()
      nested.printDeclaration(to: &printer)
    }
  }
}
