import Protobuf

/// The comments of one file, by the path of what they stand above.
///
/// A path is a list of field numbers and indices into `FileDescriptorProto`: `[4, 0, 2, 1]` is the
/// second field of the first message.
struct Comments {
  private var texts: [[Int32]: String] = [:]

  /// The comments of a file, or none.
  init(_ file: FileDescriptorProto, areWanted: Bool) {
    guard areWanted else { return }
    for location in file.sourceCodeInfo?.location ?? [] {
      guard let text = location.leadingComments ?? location.trailingComments else { continue }
      texts[location.path] = Self.unindented(text)
    }
  }

  subscript(path: [Int32]) -> String? { texts[path] }

  /// Takes away the blank that follows `//` in every line, and blank lines around the whole.
  private static func unindented(_ text: String) -> String {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      let line = line.first == " " ? line.dropFirst() : line
      return String(line.reversed().drop { $0.isWhitespace }.reversed())
    }
    while lines.last?.isEmpty == true { lines.removeLast() }
    while lines.first?.isEmpty == true { lines.removeFirst() }
    return lines.joined(separator: "\n")
  }
}

/// The numbers that paths are made of.
enum Path {
  static let messages: Int32 = 4
  static let enums: Int32 = 5
  static let services: Int32 = 6
  static let fields: Int32 = 2
  static let nestedMessages: Int32 = 3
  static let nestedEnums: Int32 = 4
  static let oneofs: Int32 = 8
  static let enumValues: Int32 = 2
  static let methods: Int32 = 2
}
