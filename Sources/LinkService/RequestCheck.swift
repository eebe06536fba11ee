internal import LinkAPI
internal import RPC

/// Reads the fields of a request strictly, and remembers everything that is wrong with them, so
/// that a caller learns of all mistakes at once.
struct RequestCheck {
  private var violations: [Failure.Violation] = []

  mutating func require(_ holds: Bool, _ field: String, _ description: String) {
    if !holds { violations.append(.init(field: field, description: description)) }
  }

  /// Throws if anything was wrong so far.
  func finish() throws(Failure) {
    if !violations.isEmpty { throw .invalid(violations) }
  }
}

extension RequestCheck {
  /// The profile that `profiles/{profile}` names.
  mutating func profile(of parent: String) -> String {
    let name = Self.lastPart(of: parent, after: "profiles/")
    require(
      name.map(Self.isProfile) ?? false, "parent",
      "must be profiles/{profile}, where the profile \(Self.nameRule)")
    return name ?? ""
  }

  /// As `profile(of:)`; nil stands for `profiles/-`, all profiles.
  mutating func profileOrAll(of parent: String) -> String? {
    parent.utf8.elementsEqual("profiles/-".utf8) ? nil : profile(of: parent)
  }

  mutating func provider(_ provider: Provider) {
    require(provider == .x, "provider", "must be PROVIDER_X")
  }

  /// Keys for a method; by OAuth 2.0 an app need not have a secret.
  mutating func keys(_ keys: ConsumerKeys?, for method: LinkMethod) -> ConsumerKeys {
    let keys = keys ?? ConsumerKeys()
    let rule = "must be 1 to \(LinkLimits.keyLength) visible ASCII characters"
    require(Self.isKey(keys.consumerKey), "keys.consumer_key", rule)
    let isPublic = method == .oauth2 && keys.consumerSecret.isEmpty
    require(isPublic || Self.isKey(keys.consumerSecret), "keys.consumer_secret", rule)
    return keys
  }

  /// The method that is meant.
  mutating func linkMethod(_ method: LinkMethod) -> LinkMethod {
    require(
      [.unspecified, .oauth1, .oauth2].contains(method), "link_method",
      "must be unspecified, LINK_METHOD_OAUTH1 or LINK_METHOD_OAUTH2")
    return method.orOAuth1
  }

  mutating func callback(_ url: String) {
    require(
      Self.isCallback(url), "callback_url",
      "must be an absolute https URL, or an http one of 127.0.0.1, [::1] or localhost, of at most "
        + "\(LinkLimits.callbackLength) visible ASCII characters, without fragment")
  }

  mutating func requestID(_ id: String) {
    require(id.isEmpty || Self.isUUID(id), "request_id", "must be empty or a UUID (RFC 9562)")
  }

  /// A value that the provider gave the user's browser: it is compared or passed on, never read.
  mutating func grant(
    _ value: String, _ field: String, upTo length: Int = LinkLimits.grantLength
  ) {
    require(
      Self.isVisible(value, upTo: length), field,
      "must be 1 to \(length) visible ASCII characters")
  }
}

extension RequestCheck {
  private static func lastPart(of name: String, after prefix: String) -> String? {
    guard name.utf8.starts(with: prefix.utf8) else { return nil }
    return String(name.utf8.dropFirst(prefix.utf8.count))
  }

  /// What a profile or a tenant can be called.
  static let nameRule =
    "has 1 to \(LinkLimits.profileLength) letters, digits or ._~@+=:- and is not -"

  static func isProfile(_ name: String) -> Bool {
    (1...LinkLimits.profileLength).contains(name.utf8.count)
      && name.utf8.allSatisfy(isInProfiles) && !name.utf8.elementsEqual("-".utf8)
  }

  private static let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
  private static let capitals = UInt8(ascii: "A")...UInt8(ascii: "Z")
  private static let digits = UInt8(ascii: "0")...UInt8(ascii: "9")

  private static func isInProfiles(_ byte: UInt8) -> Bool {
    letters.contains(byte) || capitals.contains(byte) || digits.contains(byte)
      || "._~@+=:-".utf8.contains(byte)
  }

  static func isVisible(_ text: String, upTo length: Int) -> Bool {
    (1...length).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
  }

  private static func isKey(_ text: String) -> Bool {
    isVisible(text, upTo: LinkLimits.keyLength)
  }

  private static func isCallback(_ url: String) -> Bool {
    guard isVisible(url, upTo: LinkLimits.callbackLength), !url.utf8.contains(UInt8(ascii: "#"))
    else { return false }
    if let host = authority(of: url, after: "https://") {
      return !host.isEmpty && !host.utf8.contains(UInt8(ascii: "@"))
    }
    return authority(of: url, after: "http://").map(isLoopback) ?? false
  }

  private static func authority(of url: String, after scheme: String) -> String? {
    guard url.utf8.starts(with: scheme.utf8) else { return nil }
    let authority = url.utf8.dropFirst(scheme.utf8.count).prefix { !"/?".utf8.contains($0) }
    return String(decoding: authority, as: UTF8.self)
  }

  /// Whether it is this machine: what comes back is a secret, and without TLS whoever is on the way
  /// would have it (RFC 8252 section 7.3, RFC 6749 section 3.1.2.1).
  private static func isLoopback(_ authority: String) -> Bool {
    ["127.0.0.1", "[::1]", "localhost"].contains { host in
      guard authority.utf8.starts(with: host.utf8) else { return false }
      let rest = authority.utf8.dropFirst(host.utf8.count)
      return rest.isEmpty
        || rest.first == UInt8(ascii: ":") && rest.dropFirst().allSatisfy(digits.contains)
    }
  }

  private static func isUUID(_ text: String) -> Bool {
    guard text.utf8.count == LinkLimits.requestIDLength else { return false }
    return text.utf8.enumerated().allSatisfy { index, byte in
      [8, 13, 18, 23].contains(index)
        ? byte == UInt8(ascii: "-")
        : digits.contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
    }
  }
}
