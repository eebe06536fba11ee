/// Prints the enum that stands for a oneof.
struct OneofGenerator {
  let name: String
  let members: [Field]
  let access: String
  let comment: String?
  /// The message that it is part of.
  let message: String

  func print(to printer: inout CodePrinter) {
    printer.comment(comment)
    printer.block("\(access)enum \(name): Oneof") { printer in
      for member in members {
        printer.comment(member.comment)
        let isIndirect = if case .member(_, isIndirect: true) = member.form { true } else { false }
        printer.line("\(isIndirect ? "indirect " : "")case \(member.name)(\(member.type))")
      }
      printer.line()
      printer.line("\(access)static var fieldNames: FieldNames { \(message).fieldNames }")
      for member in members where member.isMessage {
        printer.line()
        printer.block("\(access)var \(member.currentValue): \(member.type)?") { printer in
          let pattern = ".\(Naming.member(member.name))(let value)"
          printer.line("if case \(pattern) = self { value } else { nil }")
        }
      }
      printer.line()
      printSwitch("encode(into writer: inout Writer)", to: &printer) { member in
        "writer.write(\(member.number), present: value\(member.coding))"
      }
      printer.line()
      printSwitch("visitFields(_ visitor: inout some FieldVisitor)", to: &printer) { member in
        "visitor.visit(\(member.number), present: value\(member.coding))"
      }
    }
  }

  private func printSwitch(
    _ function: String, to printer: inout CodePrinter, _ statement: (Field) -> String
  ) {
    printer.block("\(access)func \(function)") { printer in
      printer.line("switch self {")
      for member in members {
        printer.line("case .\(Naming.member(member.name))(let value): \(statement(member))")
      }
      printer.line("}")
    }
  }
}
