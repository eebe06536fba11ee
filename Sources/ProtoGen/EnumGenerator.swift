import Protobuf

/// Prints an enum.
struct EnumGenerator {
  let enumeration: EnumDescriptorProto
  let name: String
  let access: String
  let comments: Comments
  let path: [Int32]

  func print(to printer: inout CodePrinter) {
    printer.comment(comments[path])
    printer.block("\(access)struct \(name): ProtoEnum") { printer in
      printer.line("\(access)let rawValue: Int32")
      printer.line("\(access)init(rawValue: Int32) { self.rawValue = rawValue }")
      printer.line()
      printValues(to: &printer)
      printer.line("\(access)static let valueNames = [")
      for value in enumeration.value {
        printer.line("  EnumValueName(\(value.number ?? 0), \"\(value.name ?? "")\"),")
      }
      printer.line("]")
    }
  }

  private func printValues(to printer: inout CodePrinter) {
    let names = Self.valueNames(enumeration)
    // Names that only differ in their case are one in Swift, and so must be their numbers.
    for (index, value) in enumeration.value.enumerated()
    where !names[..<index].contains(names[index]) {
      printer.comment(comments[path.appending(Path.enumValues, index)])
      printer.line("\(access)static let \(names[index]) = \(name)(rawValue: \(value.number ?? 0))")
    }
    printer.line()
  }

  /// What the values are called in Swift, in the order of the schema.
  static func valueNames(_ enumeration: EnumDescriptorProto) -> [String] {
    Naming.unique(
      enumeration.value.map {
        (Naming.enumValue($0.name ?? "", of: enumeration.name ?? ""), $0.number ?? 0)
      })
  }
}
