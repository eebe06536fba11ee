/// A name that arrived from outside, compared by its bytes: Swift's strings are equal too when
/// only canonically equivalent, and the Kelvin sign must not pass for a K.
struct Key: Sendable, Hashable {
  private let bytes: [UInt8]
  init(_ text: String) { bytes = Array(text.utf8) }
}

/// Permission to ask one person, in the end worth one access token.
struct RequestToken: Sendable {
  let token: String
  let secret: String
  let appKey: String
  let callback: Callback
  let access: Access
  let issued: Int64
  var decision = Decision.pending

  enum Callback: Sendable, Equatable {
    case url(String)
    case pin
  }

  enum Decision: Sendable {
    case pending
    case approved(userID: Int64, verifier: String)
    case denied
  }
}

/// What a person granted to an app, until one of them takes it back.
struct AccessToken: Sendable {
  let token: String
  let secret: String
  let appKey: String
  let userID: Int64
  let access: Access
}

/// Pseudo-random letters and digits: the same seed gives the same tokens.
struct TokenSource: Sendable {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  private static let alphanumerics = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")

  mutating func word(_ length: Int) -> String {
    String((0..<length).map { _ in Self.alphanumerics.randomElement(using: &self) ?? "0" })
  }

  /// "About 7 digits".
  mutating func pin() -> String {
    String((0..<7).map { _ in Character(String(UInt8.random(in: 0...9, using: &self))) })
  }
}

extension TokenSource: RandomNumberGenerator {
  /// SplitMix64.
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
