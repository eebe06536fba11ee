/// How names in a schema become names in Swift.
enum Naming {
  /// Words that Swift's guidelines write in one case.
  private static let acronyms: [String: String] = [
    "id": "ID", "ids": "IDs", "url": "URL", "urls": "URLs", "uri": "URI", "http": "HTTP",
    "https": "HTTPS",
  ]

  /// Words that need backticks where an identifier is expected.
  private static let keywords: Set<String> = [
    "as", "associatedtype", "break", "case", "catch", "class", "continue", "default", "defer",
    "deinit", "do", "else", "enum", "extension", "fallthrough", "false", "fileprivate", "for",
    "func", "guard", "if", "import", "in", "init", "inout", "internal", "is", "let", "nil",
    "operator", "precedencegroup", "private", "protocol", "public", "repeat", "rethrows", "return",
    "self", "static", "struct", "subscript", "super", "switch", "throw", "throws", "true", "try",
    "typealias", "var", "where", "while",
  ]

  /// Names that mean something else at the beginning of an expression inside generated functions.
  static let hidden: Set<String> = [
    "any", "async", "await", "borrow", "consume", "copy", "discard", "each", "number",
    "reader", "some", "unsafe", "visitor", "writer", "yield",
  ]

  /// Members of every message that a field must not replace: a field `description` would otherwise
  /// be what is printed.
  private static let members: Set<String> = [
    "customMirror", "debugDescription", "description", "fieldStorage", "hashValue", "self",
    "unknownFields",
  ]

  /// Members of every enum that a value must not replace.
  private static let enumMembers: Set<String> = ["rawValue", "self", "valueNames"]

  /// Types that generated code names without a module, and words that cannot name a type.
  private static let types: Set<String> = [
    "Any", "AnyObject", "Array", "Bool", "Boxed", "CallOptions", "Channel", "Coding",
    "CustomMirror", "DecodingError", "Dictionary", "Double", "Duration", "EncodingError",
    "EnumValueName", "Error", "FieldContainer", "FieldName", "FieldNames", "FieldReader",
    "FieldSet", "FieldStorage", "FieldVisitor", "FileDescriptor", "Float", "Hashable", "Int",
    "Int32", "Int64", "JSONReader", "JSONWriter", "LargeMessage", "Map", "Message",
    "MethodDescriptor", "Never", "Oneof", "Optional", "ProtoEnum", "Protocol", "RPC", "RPCError",
    "Reader", "Router", "Self", "Sendable", "ServerContext", "Service", "Shared", "Sparse",
    "String", "Type", "UInt32", "UInt64", "UInt8", "UnknownFields", "Void", "Wire", "Writer",
  ]

  /// `callback_url` as a field: `callbackURL`.
  static func field(_ name: String) -> String {
    let name = lowerCamel(name)
    return escaped(members.contains(name) ? name + "Field" : name)
  }

  /// `StartLink` as a method: `startLink`.
  static func method(_ name: String) -> String { escaped(lowerCamel(name)) }

  /// `key_source` as a type: `KeySource`, unless generated code needs that name itself.
  static func type(_ name: String) -> String {
    let name = upperCamel(name)
    return types.contains(name) ? "Proto" + name : name
  }

  /// `ACCOUNT_STATE_ACTIVE` of `AccountState`: `active`.
  static func enumValue(_ name: String, of enumName: String) -> String {
    let name = lowerCamel((withoutPrefix(name, enumName) ?? name).lowercased())
    return escaped(enumMembers.contains(name) ? name + "Value" : name)
  }

  /// A name as it is written after a dot: without backticks, except for `init`.
  static func member(_ name: String) -> String {
    name == "`init`" || name == "`self`" ? name : String(name.filter { $0 != "`" })
  }

  /// Appends the number to names that several numbers have.
  static func unique(_ names: [(name: String, number: Int32)]) -> [String] {
    let counts = Dictionary(grouping: names, by: \.name).mapValues { Set($0.map(\.number)).count }
    return names.map { name, number in
      guard counts[name, default: 0] > 1 else { return name }
      let suffix = number < 0 ? "minus\(number.magnitude)" : "\(number)"
      return member(name) + "_\(suffix)"
    }
  }

  static func escaped(_ name: String) -> String {
    keywords.contains(name) ? "`\(name)`" : name
  }

  static func upperCamel(_ name: String) -> String {
    name.split(separator: "_").map { capitalized(String($0)) }.joined()
  }

  static func lowerCamel(_ name: String) -> String {
    let name = name == name.uppercased() ? name.lowercased() : name
    let words = name.split(separator: "_").map(String.init)
    guard let first = words.first else { return name }
    let head = first.prefix(1).lowercased() + first.dropFirst()
    let tail = words.dropFirst().map { acronyms[$0.lowercased()] ?? capitalized($0) }
    let camel = head + tail.joined()
    return camel.first?.isNumber == true ? "_" + camel : camel
  }

  private static func capitalized(_ word: String) -> String {
    word.prefix(1).uppercased() + word.dropFirst()
  }

  /// What follows the enum's own name in the name of a value, if a word that can stand alone does.
  private static func withoutPrefix(_ value: String, _ enumName: String) -> String? {
    var rest = value[...]
    for letter in enumName.uppercased() where letter != "_" {
      while rest.first == "_" { rest.removeFirst() }
      guard rest.first.map({ $0.uppercased() }) == String(letter) else { return nil }
      rest.removeFirst()
    }
    guard rest.first == "_" else { return nil }
    let word = rest.drop { $0 == "_" }
    return word.first?.isLetter == true ? String(word) : nil
  }
}
