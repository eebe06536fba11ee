/// Prints what reads, writes and shows a message, one line for each field.
extension MessageGenerator {
  /// Prints the conformances of the message and of those that are declared inside.
  func printConformances(to printer: inout CodePrinter) {
    printer.line()
    if message.isLarge {
      printer.block("extension \(name)") { printNames(to: &$0) }
      printLargeConformances(to: &printer)
    } else {
      printer.block("extension \(name): Message") { printer in
        printNames(to: &printer)
        printer.line()
        printFunctions(of: message.fields, access: access, to: &printer)
      }
    }
    for nested in nested { nested.printConformances(to: &printer) }
  }

  private func printNames(to printer: inout CodePrinter) {
    printer.line("\(access)static var messageName: String { \"\(message.entry.fullName)\" }")
    let required = message.fields.filter(\.isRequired).map { "\($0.number)" }
    if !required.isEmpty {
      let numbers = required.joined(separator: ", ")
      printer.line("\(access)static var requiredFields: [Int] { [\(numbers)] }")
    }
    if message.hasRequiredFields {
      printer.line("\(access)static var hasRequiredFields: Bool { true }")
    }
    printer.line()
    guard !message.fields.isEmpty else {
      return printer.line("\(access)static let fieldNames: FieldNames = [:]")
    }
    printer.line("\(access)static let fieldNames: FieldNames = [")
    for field in message.fields { printer.line("  \(field.number): \(field.nameEntry),") }
    printer.line("]")
  }

  /// Prints what reads, writes and shows these fields; unknown ones are written where all are.
  func printFunctions(of fields: [Field], access: String, to printer: inout CodePrinter) {
    printDecoding(of: fields, access: access, to: &printer)
    printer.line()
    printer.block("\(access)func encode(into writer: inout Writer)") { printer in
      if !message.isLarge { printer.line("writer.write(unknownFields)") }
      printEncoding(of: fields, to: &printer)
    }
    printer.line()
    printer.block("\(access)func visitFields(_ visitor: inout some FieldVisitor)") { printer in
      printVisiting(of: fields, to: &printer)
    }
  }

  private func printDecoding(
    of fields: [Field], access: String, to printer: inout CodePrinter
  ) {
    printer.line("\(access)mutating func decodeField<R: FieldReader & ~Escapable>(")
    printer.line("  _ number: Int, from reader: inout R")
    printer.block(") throws(DecodingError)") { printer in
      guard !fields.isEmpty else { return }
      printer.line("switch number {")
      for field in fields {
        printer.line("case \(field.number): try reader.read(\(readArguments(field)))")
      }
      printer.line("default: break")
      printer.line("}")
    }
  }

  private func readArguments(_ field: Field) -> String {
    switch field.form {
    case .member(let index, _):
      let oneof = message.oneofs[index]
      let make = "\(message.name(of: oneof)).\(Naming.member(field.name))"
      // Only messages are merged into what is there. It is asked of the oneof: an accessor of the
      // message would be given a copy of the whole message.
      let current = field.isMessage ? "\(oneof.property)?.\(field.currentValue)" : "nil"
      return "&\(oneof.property), \(current)\(field.coding), \(make)"
    default: return "&\(field.storageExpression)\(field.coding)"
    }
  }

  /// The last field first: see `Writer`.
  private func printEncoding(of fields: [Field], to printer: inout CodePrinter) {
    for field in fields.sorted(by: { $0.number > $1.number }) {
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
        printer.line("writer.write(\(field.number), \(field.storageExpression)\(field.coding))")
      }
    }
  }

  private func printVisiting(of fields: [Field], to printer: inout CodePrinter) {
    for field in fields {
      if let index = field.oneofIndex {
        let oneof = message.oneofs[index]
        guard oneof.isFirst(field, of: fields) else { continue }
        printer.line("visitor.visit(\(oneof.property))")
      } else {
        printer.line("visitor.visit(\(field.number), \(field.expression)\(field.coding))")
      }
    }
  }
}

extension MessageModel {
  /// The type of a oneof as the code of the properties names it.
  ///
  /// The fields of a large message stand in a struct of their own, from whose extensions the types
  /// beside it cannot be seen.
  func name(of oneof: Oneof) -> String { isLarge ? "\(reference).\(oneof.type)" : oneof.type }
}

extension Field {
  /// What is read into and written from: a boxed field in its box.
  var storageExpression: String { form == .boxed ? "_\(Naming.member(name))" : expression }
}
