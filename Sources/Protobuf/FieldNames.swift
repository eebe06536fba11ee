/// What the fields of a message are called, by their numbers.
public struct FieldNames: Sendable, ExpressibleByDictionaryLiteral {
  private let names: [Int: FieldName]
  private let numbers: [UTF8Key: Int]

  /// The names of fields, by their numbers; generated code makes them.
  public init(dictionaryLiteral elements: (Int, FieldName)...) {
    names = Dictionary(uniqueKeysWithValues: elements)
    var numbers: [UTF8Key: Int] = [:]
    for (number, name) in elements {
      numbers[UTF8Key(name.jsonName)] = number
      numbers[UTF8Key(name.name)] = number
    }
    self.numbers = numbers
  }

  /// The name of the field with this number, or the number where it has none.
  subscript(number: Int) -> FieldName { names[number] ?? FieldName("\(number)") }

  /// The number of the field with this name, as in the schema or as in JSON; nil if none has it.
  func number(of name: String) -> Int? { numbers[UTF8Key(name)] }
}

/// What a field is called, and whether its value may be shown.
public struct FieldName: Sendable, ExpressibleByStringLiteral {
  /// The name in the schema: `screen_name`.
  public let name: String
  /// The name in JSON: `screenName`, unless the schema chose another.
  public let jsonName: String
  /// Whether the value must not be shown.
  public let isSensitive: Bool

  /// The name of a field; generated code uses it for what a literal cannot say.
  public init(_ name: String, json: String? = nil, sensitive: Bool = false) {
    self.name = name
    self.jsonName = json ?? Self.jsonName(name)
    self.isSensitive = sensitive
  }

  /// A field whose value may be shown, with the usual name in JSON.
  public init(stringLiteral name: String) { self.init(name) }

  /// A field whose value must not be shown, with the usual name in JSON.
  public static func sensitive(_ name: String) -> FieldName { FieldName(name, sensitive: true) }

  /// The usual name in JSON of a field `screen_name`, which is `screenName`.
  ///
  /// Underscores are dropped and the letter behind each is capitalised; whatever else the name has
  /// stays as it is.
  package static func jsonName(_ name: String) -> String {
    var json: [UInt8] = []
    var isCapitalNext = false
    for byte in name.utf8 {
      if byte == UInt8(ascii: "_") {
        isCapitalNext = true
      } else {
        let isLower = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
        json.append(isCapitalNext && isLower ? byte &- 0x20 : byte)
        isCapitalNext = false
      }
    }
    return String(decoding: json, as: UTF8.self)
  }
}
