/// Who is known to the stand-in and how it behaves: what a JSON file can say.
public struct Configuration: Sendable, Hashable, Codable {
  /// The apps whose keys are known.
  public var apps: [App]
  /// The people who can log in.
  public var users: [User]
  /// How it behaves.
  public var settings: Settings

  /// Names everything; what is left out is built in.
  public init(
    apps: [App] = App.builtIn, users: [User] = User.builtIn, settings: Settings = Settings()
  ) {
    self.apps = apps
    self.users = users
    self.settings = settings
  }

  /// Reads an object in which any key may be missing.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      apps: try container.decodeIfPresent([App].self, forKey: .apps) ?? App.builtIn,
      users: try container.decodeIfPresent([User].self, forKey: .users) ?? User.builtIn,
      settings: try container.decodeIfPresent(Settings.self, forKey: .settings) ?? Settings())
  }
}

/// How the stand-in behaves where X does not say or differs from time to time.
public struct Settings: Sendable, Hashable, Codable {
  /// How `oauth/*` spells its errors: all of these have been seen.
  public var errorFormat = ErrorFormat.json
  /// Added to the clock, in seconds, both where timestamps are checked and in `Date`.
  public var clockOffset: Int64 = 0
  /// How far a timestamp may be off, in seconds.
  ///
  /// X does not say; about five minutes are reported.
  public var timestampWindow: Int64 = 300
  /// How long a request token lives, in seconds.
  ///
  /// X does not say.
  public var requestTokenLifetime: Int64 = 600
  /// What every visitor of a page decides at once; nil shows the page.
  public var visitor: Visitor?

  /// Starts with the defaults.
  public init() {}

  /// Reads an object in which any key may be missing.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    errorFormat = try container.decodeIfPresent(ErrorFormat.self, forKey: .errorFormat) ?? .json
    clockOffset = try container.decodeIfPresent(Int64.self, forKey: .clockOffset) ?? 0
    timestampWindow = try container.decodeIfPresent(Int64.self, forKey: .timestampWindow) ?? 300
    requestTokenLifetime =
      try container.decodeIfPresent(Int64.self, forKey: .requestTokenLifetime) ?? 600
    visitor = try container.decodeIfPresent(Visitor.self, forKey: .visitor)
  }

  private enum CodingKeys: String, CodingKey {
    case errorFormat = "error_format"
    case clockOffset = "clock_offset"
    case timestampWindow = "timestamp_window"
    case requestTokenLifetime = "request_token_lifetime"
    case visitor
  }
}

/// Somebody who decides without looking at the page.
public struct Visitor: Sendable, Hashable, Codable {
  /// Whether they agree.
  public var approves: Bool
  /// The account they are logged in with; nil means the hint of the address, or the first user.
  public var screenName: String?

  /// Says what they do.
  public init(approves: Bool, screenName: String? = nil) {
    self.approves = approves
    self.screenName = screenName
  }

  private enum CodingKeys: String, CodingKey {
    case approves
    case screenName = "screen_name"
  }
}
