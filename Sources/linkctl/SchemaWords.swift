internal import LinkAPI
internal import Protobuf

extension ProtoEnum {
  /// The value as people write it: `ACCOUNT_STATE_ACTIVE` is `active`.
  ///
  /// A number that this program has no name for stays one.
  func word(without prefix: String) -> String {
    guard let name else { return "\(rawValue)" }
    return String(name.dropFirst(name.hasPrefix(prefix) ? prefix.utf8.count : 0)).lowercased()
  }

  /// As `word`, but nil where the value is not set.
  func wordIfSet(without prefix: String) -> String? {
    rawValue == 0 ? nil : word(without: prefix)
  }
}

extension Provider {
  var word: String { word(without: "PROVIDER_") }
}

extension AccountState {
  var word: String { word(without: "ACCOUNT_STATE_") }

  /// The state that a person calls so.
  init?(word: String) {
    guard
      let value = Self.valueNames.first(where: {
        $0.number != 0 && Self(rawValue: $0.number).word == word
      })
    else { return nil }
    self.init(rawValue: value.number)
  }

  /// All words, for the help.
  static var words: [String] {
    valueNames.filter { $0.number != 0 }.map { Self(rawValue: $0.number).word }
  }
}

extension AccessLevel {
  var word: String? { wordIfSet(without: "ACCESS_LEVEL_") }
}

extension KeyVerdict {
  var word: String { word(without: "KEY_VERDICT_") }
}

extension KeyCheck {
  var word: String { word(without: "KEY_CHECK_") }
}

extension KeyOutcome {
  var word: String { word(without: "KEY_OUTCOME_") }
}

extension ErrorReason {
  /// Reasons keep the spelling that programs compare.
  var word: String? {
    rawValue == 0 ? nil : name.map { String($0.dropFirst("ERROR_REASON_".utf8.count)) }
  }
}

extension Actor {
  var word: String? { wordIfSet(without: "ACTOR_") }
}
