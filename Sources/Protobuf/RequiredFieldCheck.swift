/// Looks for required fields (proto2) that are not set, in a message and in those inside.
public struct RequiredFieldCheck: FieldVisitor {
  /// The path of the first field that is missing.
  private(set) var missing: String?
  private var path: [String] = []
  private var names: FieldNames = [:]
  private var seen: Set<Int> = []

  init() {}

  /// Checks a message that stands where the visitor has come to.
  mutating func check<M: Message>(message: M) {
    guard M.hasRequiredFields, missing == nil else { return }
    let outer = (names, seen)
    (names, seen) = (M.fieldNames, [])
    message.visitFields(&self)
    if let number = M.requiredFields.first(where: { !seen.contains($0) }), missing == nil {
      missing = (path + [names[number].name]).joined(separator: ".")
    }
    (names, seen) = outer
  }

  private mutating func enter(_ number: Int, _ body: (inout RequiredFieldCheck) -> Void) {
    seen.insert(number)
    path.append(names[number].name)
    body(&self)
    path.removeLast()
  }

  /// Notes the field and checks the message in it.
  public mutating func visit<Coding: FieldCoding>(
    _ number: Int, value: Coding.Value, as coding: Coding.Type
  ) {
    enter(number) { Coding.check(value, &$0) }
  }

  /// Checks the messages in a list.
  public mutating func visit<Coding: FieldCoding>(
    _ number: Int, values: [Coding.Value], as coding: Coding.Type
  ) {
    enter(number) { check in for value in values { Coding.check(value, &check) } }
  }

  /// Checks the messages in a map.
  public mutating func visit<Key: FieldCoding, Value: FieldCoding>(
    _ number: Int, map: Map<Key.Value, Value.Value>, keys: Key.Type, values: Value.Type
  ) {
    enter(number) { check in for (_, value) in map { Value.check(value, &check) } }
  }
}

extension Wire.Submessage {
  /// Checks the message.
  public static func check(_ value: Value, _ check: inout RequiredFieldCheck) {
    check.check(message: value)
  }
}

extension Wire.Group {
  /// Checks the message.
  public static func check(_ value: Value, _ check: inout RequiredFieldCheck) {
    check.check(message: value)
  }
}

extension Message {
  /// The path of the first required field that is not set; nil if all are, here and inside.
  public var missingRequiredField: String? {
    var check = RequiredFieldCheck()
    check.check(message: self)
    return check.missing
  }

  @usableFromInline
  func checkRequiredFields() throws(EncodingError) {
    if let field = missingRequiredField { throw .missingRequiredField(field) }
  }

  @usableFromInline
  func checkRequiredFields(offset: Int) throws(DecodingError) {
    if missingRequiredField != nil { throw DecodingError(.missingRequiredField, offset: offset) }
  }
}
