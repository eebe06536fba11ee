/// Some fields of a large message: a struct of its own on the heap, allocated when it is needed.
struct Part {
  /// Up to so many bytes of fields make a part at least: less would not be worth an allocation.
  private static let smallest = 128.0

  /// The name of the struct.
  let type: String
  /// The name of the property that holds it.
  let property: String
  let fields: [Field]

  private init(_ index: Int, _ fields: [Field]) {
    type = "Part\(index + 1)"
    property = "part\(index + 1)"
    self.fields = fields
  }

  /// Splits the fields of a message, in the order of their numbers.
  ///
  /// A message in which one field is set takes a part and a pointer to every part: least where both
  /// take the same.
  static func split(_ fields: [Field]) -> [Part] {
    let units = units(of: fields)
    let total = units.reduce(0) { $0 + size(of: $1) }
    let wanted = max(smallest, (8 * Double(total)).squareRoot())
    var parts: [[Field]] = []
    var filled = Double.infinity
    for unit in units {
      let size = Double(size(of: unit))
      if filled + size > wanted {
        parts.append([])
        filled = 0
      }
      parts[parts.count - 1] += unit
      filled += size
    }
    return parts.enumerated().map(Part.init)
  }

  /// The fields one by one, except for the members of a oneof, which stay together where the first
  /// of them stands.
  private static func units(of fields: [Field]) -> [[Field]] {
    var units: [[Field]] = []
    var oneofs: [Int: Int] = [:]
    for field in fields.sorted(by: { $0.number < $1.number }) {
      guard let oneof = field.oneofIndex else {
        units.append([field])
        continue
      }
      if let unit = oneofs[oneof] {
        units[unit].append(field)
      } else {
        oneofs[oneof] = units.count
        units.append([field])
      }
    }
    return units
  }

  private static func size(of unit: [Field]) -> Int { unit.map(\.size).max() ?? 0 }

  /// The numbers of the fields as a pattern: `1...15, 18`.
  var numbers: String {
    var runs: [ClosedRange<Int32>] = []
    for number in fields.map(\.number).sorted() {
      if let last = runs.last, last.upperBound + 1 == number {
        runs[runs.count - 1] = last.lowerBound...number
      } else {
        runs.append(number...number)
      }
    }
    return runs.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)...\($0.upperBound)" }
      .joined(separator: ", ")
  }
}
