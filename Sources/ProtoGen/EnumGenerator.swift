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
    let names = Self.unique(
      enumeration.value.map {
        (Naming.enumValue($0.name ?? "", of: enumeration.name ?? ""), $0.number ?? 0)
      })
    for (index, value) in enumeration.value.enumerated() {
      printer.comment(comments[path + [Path.enumValues, Int32(truncatingIfNeeded: index)]])
      printer.line("\(access)static let \(names[index]) = \(name)(rawValue: \(value.number ?? 0))")
    }
    printer.line()
  }

  /// Appends the number to names that several have.
  static func unique(_ names: [(name: String, number: Int32)]) -> [String] {
    let counts = Dictionary(grouping: names, by: \.name).mapValues(\.count)
    return names.map { name, number in
      guard counts[name, default: 0] > 1 else { return name }
      let suffix = number < 0 ? "minus\(number.magnitude)" : "\(number)"
      return Naming.member(name) + "_\(suffix)"
    }
  }
}
