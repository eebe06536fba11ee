/// Prints a message: the struct with its properties, then what reads, writes and shows them.
struct MessageGenerator {
  let message: MessageModel
  let access: String

  private var name: String { message.entry.path.joined(separator: ".") }
  private var nested: [MessageGenerator] {
    message.nested.map { MessageGenerator(message: $0, access: access) }
  }

  /// Prints the struct, and in it those of the messages that are declared inside.
  func printDeclaration(to printer: inout CodePrinter) {
    printer.comment(message.comment)
    printer.block("\(access)struct \(message.entry.path.last ?? "")") { printer in
      for field in message.fields { printProperty(field, to: &printer) }
      printer.line("\(access)var unknownFields = UnknownFields()")
      printer.line()
      printer.line("\(access)init() {}")
      printNestedTypes(to: &printer)
    }
  }

  private func printProperty(_ field: Field, to printer: inout CodePrinter) {
    if let index = field.oneofIndex {
      let oneof = message.oneofs[index]
      if oneof.members.first?.number == field.number {
        printer.comment(oneof.comment)
        printer.line("\(access)var \(oneof.property): \(oneof.type)?")
      }
      printAccessor(field, of: oneof, to: &printer)
    } else {
      printer.comment(field.comment)
      printer.line("\(field.form == .boxed ? "@Boxed " : "")\(access)var \(field.declaration)")
    }
  }

  private func printAccessor(
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
        name: oneof.type, members: oneof.members, access: access, comment: oneof.comment
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

extension MessageGenerator {
  /// Prints the conformances of the message and of those that are declared inside.
  func printConformances(to printer: inout CodePrinter) {
    printer.line()
    printer.block("extension \(name): Message") { printer in
      printer.line("\(access)static var messageName: String { \"\(message.entry.fullName)\" }")
      printer.line()
      printDecoding(to: &printer)
      printer.line()
      printEncoding(to: &printer)
      printer.line()
      printVisiting(to: &printer)
    }
    for nested in nested { nested.printConformances(to: &printer) }
  }

  private func printDecoding(to printer: inout CodePrinter) {
    printer.line("\(access)mutating func decodeField(")
    printer.line("  _ number: Int, from reader: inout Reader")
    printer.block(") throws(DecodingError)") { printer in
      guard !message.fields.isEmpty else { return }
      printer.line("switch number {")
      for field in message.fields {
        printer.line("case \(field.number): try reader.read(\(readArguments(field)))")
      }
      printer.line("default: break")
      printer.line("}")
    }
  }

  private func readArguments(_ field: Field) -> String {
    let expression = field.expression
    switch field.form {
    case .boxed: return "&_\(Naming.member(field.name))"
    case .member(let index, _):
      let oneof = message.oneofs[index]
      let make = "\(oneof.type).\(Naming.member(field.name))"
      return "&\(oneof.property), \(expression)\(field.coding), \(make)"
    default: return "&\(expression)\(field.coding)"
    }
  }

  /// The last field first: see `Writer`.
  private func printEncoding(to printer: inout CodePrinter) {
    printer.block("\(access)func encode(into writer: inout Writer)") { printer in
      printer.line("writer.write(unknownFields)")
      for field in message.fields.sorted(by: { $0.number > $1.number }) {
        switch field.form {
        case .member(let index, _):
          // A oneof stands where its first member would.
          let oneof = message.oneofs[index]
          guard oneof.members.map(\.number).min() == field.number else { continue }
          printer.line("writer.write(\(oneof.property))")
        case .repeated(isPacked: false):
          let arguments = "unpacked: \(field.expression)\(field.coding)"
          printer.line("writer.write(\(field.number), \(arguments))")
        default:
          printer.line("writer.write(\(field.number), \(field.expression)\(field.coding))")
        }
      }
    }
  }

  private func printVisiting(to printer: inout CodePrinter) {
    printer.block("\(access)func visitFields(_ visitor: inout some FieldVisitor)") { printer in
      for field in message.fields {
        if let index = field.oneofIndex {
          let oneof = message.oneofs[index]
          guard oneof.members.first?.number == field.number else { continue }
          printer.line("visitor.visit(\(oneof.property))")
        } else {
          printer.line("visitor.visit(\(field.label), \(field.expression)\(field.coding))")
        }
      }
    }
  }
}
