internal import LinkAPI
internal import Protobuf

/// The values of the schema's enums as people write them.
///
/// `ACCOUNT_STATE_ACTIVE` is `active`; a number that this program has no name for stays one.
extension ProtoEnum {
  var word: String { shortName.lowercased() }

  /// As `word`, but nil where the value is not set.
  var wordIfSet: String? { rawValue == 0 ? nil : word }
}

extension ErrorReason {
  /// Reasons keep the spelling that programs compare.
  var nameIfSet: String? { rawValue == 0 ? nil : shortName }
}

/// Values that people write on the command line.
protocol NamedValue: ProtoEnum {}
extension AccountState: NamedValue {}
extension Scope: NamedValue {}

extension NamedValue {
  /// The value that a person calls so.
  init?(word: String) {
    guard let value = Self.named.first(where: { $0.word == word }) else { return nil }
    self = value
  }

  /// All words, for the help.
  static var words: [String] { named.map(\.word) }

  private static var named: [Self] {
    valueNames.filter { $0.number != 0 }.map { Self(rawValue: $0.number) }
  }
}
