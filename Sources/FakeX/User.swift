/// A person with an account at X.
public struct User: Sendable, Hashable, Codable {
  /// The 64-bit number of the account.
  public var id: Int64
  /// What follows the at sign.
  public var screenName: String
  /// What the profile calls them.
  public var name: String
  /// Suspended by X: 64.
  public var isSuspended: Bool
  /// Must log in to x.com before anything else: 326.
  public var isLocked: Bool

  /// Describes a person; what is left out is good.
  public init(
    id: Int64, screenName: String, name: String, isSuspended: Bool = false, isLocked: Bool = false
  ) {
    self.id = id
    self.screenName = screenName
    self.name = name
    self.isSuspended = isSuspended
    self.isLocked = isLocked
  }

  /// Reads an object that names the account; the rest may be missing.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let screenName = try container.decode(String.self, forKey: .screenName)
    self.init(
      id: try container.decode(Int64.self, forKey: .id), screenName: screenName,
      name: try container.decodeIfPresent(String.self, forKey: .name) ?? screenName,
      isSuspended: try container.decodeIfPresent(Bool.self, forKey: .isSuspended) ?? false,
      isLocked: try container.decodeIfPresent(Bool.self, forKey: .isLocked) ?? false)
  }

  private enum CodingKeys: String, CodingKey {
    case id, name
    case screenName = "screen_name"
    case isSuspended = "suspended"
    case isLocked = "locked"
  }

  /// The first built-in user, whose id is more than a JavaScript number can hold.
  public static let alice = User(id: 1_740_000_000_000_000_001, screenName: "alice", name: "Alice")
  /// The second one.
  public static let bob = User(id: 2002, screenName: "bob", name: "Bob <b>& Sons</b>")

  /// Two of them.
  public static let builtIn = [alice, bob]
}
