/// An app as X's developer console describes it.
public struct App: Sendable, Hashable, Codable {
  /// What the page shows to the person who decides.
  public var name: String
  /// The consumer key.
  public var key: String
  /// The consumer secret.
  public var secret: String
  /// The callback URLs of its settings.
  ///
  /// Without any, X treats it as a desktop app: PIN only.
  public var callbacks: [String]
  /// What it may do at most.
  public var access: Access
  /// Suspended by X.
  public var isSuspended: Bool
  /// In a package and environment in which calls of the v2 API are answered.
  public var isEnrolled: Bool
  /// "Allow this app to be used to Sign in with X": needed for `oauth/authenticate`.
  public var allowsSignIn: Bool
  /// What OAuth 2.0 calls the app; nil where its settings do not offer that.
  public var clientID: String?
  /// The secret that goes with it; nil for a native or single page app.
  public var clientSecret: String?

  /// Describes an app; what is left out is good.
  public init(
    name: String, key: String, secret: String, callbacks: [String] = [],
    access: Access = .readWrite, isSuspended: Bool = false, isEnrolled: Bool = true,
    allowsSignIn: Bool = true, clientID: String? = nil, clientSecret: String? = nil
  ) {
    self.name = name
    self.key = key
    self.secret = secret
    self.callbacks = callbacks
    self.access = access
    self.isSuspended = isSuspended
    self.isEnrolled = isEnrolled
    self.allowsSignIn = allowsSignIn
    self.clientID = clientID
    self.clientSecret = clientSecret
  }

  /// Reads an object that names the app and its keys; the rest may be missing.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func flag(_ key: CodingKeys, default value: Bool) throws -> Bool {
      try container.decodeIfPresent(Bool.self, forKey: key) ?? value
    }
    self.init(
      name: try container.decode(String.self, forKey: .name),
      key: try container.decode(String.self, forKey: .key),
      secret: try container.decode(String.self, forKey: .secret),
      callbacks: try container.decodeIfPresent([String].self, forKey: .callbacks) ?? [],
      access: try container.decodeIfPresent(Access.self, forKey: .access) ?? .readWrite,
      isSuspended: try flag(.isSuspended, default: false),
      isEnrolled: try flag(.isEnrolled, default: true),
      allowsSignIn: try flag(.allowsSignIn, default: true),
      clientID: try container.decodeIfPresent(String.self, forKey: .clientID),
      clientSecret: try container.decodeIfPresent(String.self, forKey: .clientSecret))
  }

  private enum CodingKeys: String, CodingKey {
    case name, key, secret, callbacks, access
    case isSuspended = "suspended"
    case isEnrolled = "enrolled"
    case allowsSignIn = "sign_in"
    case clientID = "client_id"
    case clientSecret = "client_secret"
  }
}

/// What a token may do; the raw value is what `x-access-level` says.
public enum Access: String, Sendable, Hashable, Codable, CaseIterable, Comparable {
  /// Read.
  case read = "read"
  /// Read and write.
  case readWrite = "read-write"
  /// Read, write and direct messages.
  case directMessages = "read-write-directmessages"

  /// Orders by what is allowed.
  public static func < (left: Access, right: Access) -> Bool { left.rank < right.rank }

  private var rank: Int {
    switch self {
    case .read: 0
    case .readWrite: 1
    case .directMessages: 2
    }
  }
}

extension App {
  /// The callback of the built-in apps; any free port of a test can be added by configuration.
  public static let builtInCallback = "http://127.0.0.1:8484/callback"

  /// Links, as it should.
  public static let good = App(
    name: "Good App", key: "fakexGoodKey0000000001",
    secret: "fakexGoodSecret00000000000000000000000001",
    callbacks: [builtInCallback], clientID: "fakexGoodClientID00000000000000001",
    clientSecret: "fakexGoodClientSecret000000000000000000000000001")
  /// Suspended by X: 416.
  public static let suspended = App(
    name: "Suspended App", key: "fakexSuspendedKey00002",
    secret: "fakexSuspendedSecret000000000000000000002", callbacks: [builtInCallback],
    isSuspended: true)
  /// No callback in its settings: 417 unless asked for a PIN.
  public static let pinOnly = App(
    name: "PIN App", key: "fakexPinOnlyKey0000003",
    secret: "fakexPinOnlySecret00000000000000000000003")
  /// Another callback in its settings: 415.
  public static let otherCallback = App(
    name: "Other Callback App", key: "fakexOtherCallbackKey4",
    secret: "fakexOtherCallbackSecret00000000000000004",
    callbacks: ["https://other.example/callback"])
  /// Links, but every call of the v2 API says `client-not-enrolled`.
  public static let notEnrolled = App(
    name: "Not Enrolled App", key: "fakexNotEnrolledKey005",
    secret: "fakexNotEnrolledSecret0000000000000000005", callbacks: [builtInCallback],
    isEnrolled: false)

  /// Links by OAuth 2.0, and has no secret there.
  public static let publicClient = App(
    name: "Native App", key: "fakexNativeKey00000006",
    secret: "fakexNativeSecret00000000000000000000006", callbacks: [builtInCallback],
    clientID: "fakexNativeClientID000000000000006")

  /// One of each kind.
  public static let builtIn = [
    good, suspended, pinOnly, otherCallback, notEnrolled, publicClient,
  ]
}
