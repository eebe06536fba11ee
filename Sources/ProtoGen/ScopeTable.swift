import Protobuf

/// Which scope each method of a service asks for, as a table that a server can decide by.
///
/// Only made where the option `scopes=required` asks for it, and then every method must say.
struct ScopeTable {
  /// `(link.v1.scope)`, an extension of `MethodOptions` in `link/v1/options.proto`.
  private static let option = 50602
  private static let enumeration = "link.v1.Scope"

  private let type: String
  private let access: String
  /// The names of method and scope in Swift.
  private let rows: [(method: String, scope: String)]

  /// Nil where nobody asks for it; fails at the first method without a scope.
  init?(_ service: ServiceDescriptorProto, _ context: FileContext) throws(GeneratorError) {
    guard context.schema.options.requiresScopes else { return nil }
    let file = context.file.name ?? ""
    let entry = try context.schema.entry(Self.enumeration, "\(file): \(service.name ?? "")")
    guard case .enumeration(let enumeration) = entry.definition else { return nil }
    type = Scope(module: context.module).reference(to: entry)
    access = context.access
    let names = EnumGenerator.valueNames(enumeration)
    rows = try service.method.map { method throws(GeneratorError) in
      let number = method.options?.unknownFields.varint(Self.option) ?? 0
      let index = enumeration.value.firstIndex {
        Int64($0.number ?? 0) == Int64(bitPattern: number)
      }
      guard number != 0, let index else {
        throw GeneratorError(
          "\(file): \(service.name ?? "").\(method.name ?? "")", "has no (link.v1.scope)")
      }
      return (Naming.member(Naming.method(method.name ?? "")), names[index])
    }
  }

  /// Prints the table into the enum of the service's methods.
  func print(to printer: inout CodePrinter) {
    printer.line()
    printer.line("/// The scope that each method asks for, by its path.")
    printer.line("\(access)static let scopes: [String: \(type)] = [")
    for row in rows { printer.line("  \(row.method).path: .\(row.scope),") }
    printer.line("]")
  }
}
