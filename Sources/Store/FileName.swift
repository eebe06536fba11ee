/// The name of a file that is part of the truth: its number, and what it holds.
///
/// Every file of a store has a number of its own, in the order in which they were begun.
struct FileName: Hashable, Sendable {
  /// What a file holds; the number is that in its header.
  enum Kind: UInt16, Sendable {
    /// A piece of the log.
    case segment = 1
    /// The whole state at one place of the log.
    case snapshot = 2

    fileprivate var suffix: String {
      switch self {
      case .segment: ".log"
      case .snapshot: ".snapshot"
      }
    }
  }

  let kind: Kind
  let number: UInt64

  static func segment(_ number: UInt64) -> FileName { FileName(kind: .segment, number: number) }
  static func snapshot(_ number: UInt64) -> FileName { FileName(kind: .snapshot, number: number) }

  private init(kind: Kind, number: UInt64) {
    self.kind = kind
    self.number = number
  }

  /// Reads a name, or answers nil if it is not that of such a file.
  init?(_ text: String) {
    let (digits, suffix) = (text.prefix(16), text.dropFirst(16))
    guard let number = UInt64(digits, radix: 16) else { return nil }
    switch suffix {
    case Kind.segment.suffix: self.init(kind: .segment, number: number)
    case Kind.snapshot.suffix: self.init(kind: .snapshot, number: number)
    default: return nil
    }
    // A number has one form.
    guard self.text.utf8.elementsEqual(text.utf8) else { return nil }
  }

  /// The name itself: fixed width, so that names sort as numbers do.
  var text: String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits + kind.suffix
  }
}
