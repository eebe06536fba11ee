/// Prints what a large message has instead of stored properties: see `LargeMessage`.
extension MessageGenerator {
  /// Prints the one stored property, and those that look into the parts.
  func printLargeProperties(to printer: inout CodePrinter) {
    printer.line("\(access)var fieldStorage = Sparse<FieldStorage>()")
    printer.line()
    printer.line("\(access)init() {}")
    for part in message.parts {
      for field in part.fields { printProperty(field, in: part, to: &printer) }
    }
    printer.line()
    printer.line("/// The fields, in parts that take no memory until one of their fields is set.")
    printer.block("\(access)struct FieldStorage") { printParts(to: &$0) }
  }

  private func printParts(to printer: inout CodePrinter) {
    for part in message.parts {
      printer.line("var \(part.property) = Sparse<\(part.type)>()")
    }
    printer.line("\(access)var unknownFields = UnknownFields()")
    printer.line()
    printer.line("\(access)init() {}")
    for part in message.parts {
      printer.line()
      printer.block("struct \(part.type)") { printer in
        for field in part.fields { printStored(field, in: part, to: &printer) }
      }
    }
  }

  private func printStored(_ field: Field, in part: Part, to printer: inout CodePrinter) {
    guard let oneof = field.oneofIndex.map({ message.oneofs[$0] }) else {
      return printer.line("\(field.form == .boxed ? "@Boxed " : "")var \(field.declaration)")
    }
    guard oneof.isFirst(field, of: part.fields) else { return }
    printer.line("var \(oneof.property): \(message.name(of: oneof))?")
  }

  private func printProperty(_ field: Field, in part: Part, to printer: inout CodePrinter) {
    printer.line()
    guard let oneof = field.oneofIndex.map({ message.oneofs[$0] }) else {
      printer.comment(field.comment)
      printAccess(to: field.name, field.declaredType, in: part, to: &printer)
      return printDefault(of: field, to: &printer)
    }
    if oneof.isFirst(field, of: part.fields) {
      printer.comment(oneof.comment)
      printAccess(to: oneof.property, "\(message.name(of: oneof))?", in: part, to: &printer)
      printer.line()
    }
    printAccessor(field, of: oneof, to: &printer)
  }

  private func printAccess(
    to name: String, _ type: String, in part: Part, to printer: inout CodePrinter
  ) {
    let stored = "fieldStorage.value.\(part.property).value.\(Naming.member(name))"
    printer.block("\(access)var \(name): \(type)") { printer in
      printer.line("_read { yield \(stored) }")
      printer.line("_modify { yield &\(stored) }")
    }
  }

  /// Prints the conformances of the parts and of what holds them.
  func printLargeConformances(to printer: inout CodePrinter) {
    printer.line()
    printer.block("extension \(name).FieldStorage: FieldContainer") { printer in
      printer.line("\(access)mutating func decodeField<R: FieldReader & ~Escapable>(")
      printer.line("  _ number: Int, from reader: inout R")
      printer.block(") throws(DecodingError)") { printer in
        printer.line("switch number {")
        for part in message.parts {
          let call = "\(part.property).decodeField(number, from: &reader)"
          printer.line("case \(part.numbers): try \(call)")
        }
        printer.line("default: break")
        printer.line("}")
      }
      printer.line()
      printer.block("\(access)func encode(into writer: inout Writer)") { printer in
        printer.line("writer.write(unknownFields)")
        for part in message.parts.reversed() {
          printer.line("\(part.property).encode(into: &writer)")
        }
      }
      printer.line()
      printer.block("\(access)func visitFields(_ visitor: inout some FieldVisitor)") { printer in
        for part in message.parts { printer.line("\(part.property).visitFields(&visitor)") }
      }
    }
    for part in message.parts {
      printer.line()
      printer.block("extension \(name).FieldStorage.\(part.type): FieldSet") { printer in
        printFunctions(of: part.fields, access: "", to: &printer)
      }
    }
  }
}

extension MessageModel.Oneof {
  /// Whether the property of the oneof stands where this field does.
  func isFirst(_ field: Field, of fields: [Field]) -> Bool {
    fields.first { $0.oneofIndex == field.oneofIndex }?.number == field.number
  }
}
