import Protobuf
import TextCoding

/// Prints the file's own descriptor, which server reflection gives to strangers.
struct DescriptorGenerator {
  /// How much of the encoded descriptor stands in a line.
  private static let lineLength = 92

  let context: FileContext

  func print(to printer: inout CodePrinter) {
    let file = context.file
    printer.line()
    printer.line("/// The schema of `\(file.name ?? "")`.")
    printer.block("\(context.access)enum \(Self.name(ofFile: file.name ?? ""))") { printer in
      printer.line("\(context.access)static let file = FileDescriptor(")
      printer.line("  name: \"\(file.name ?? "")\",")
      printer.line("  dependencies: [\(dependencies)],")
      printer.line("  base64: \"\"\"")
      printContent(to: &printer)
      printer.line("    \"\"\")")
    }
  }

  private var dependencies: String {
    context.file.dependency.map { dependency in
      let module = context.schema.options.module(ofFile: dependency)
      let name = Self.name(ofFile: dependency) + ".file"
      return module == context.module ? name : "\(module).\(name)"
    }.joined(separator: ", ")
  }

  /// The descriptor without comments, in lines that the compiler joins.
  private func printContent(to printer: inout CodePrinter) {
    var file = context.file
    file.sourceCodeInfo = nil
    var rest = Base64.encode((try? file.serialized()) ?? [])[...]
    while !rest.isEmpty {
      let line = String(decoding: rest.prefix(Self.lineLength), as: UTF8.self)
      rest = rest.dropFirst(Self.lineLength)
      printer.line("    \(line)\(rest.isEmpty ? "" : "\\")")
    }
  }

  /// `link/v1/account.proto`: `LinkV1AccountProto`.
  static func name(ofFile file: String) -> String {
    let stem = file.hasSuffix(".proto") ? String(file.dropLast(6)) : file
    let words = stem.split { !$0.isLetter && !$0.isNumber }
    return words.map { Naming.upperCamel(String($0)) }.joined() + "Proto"
  }
}
