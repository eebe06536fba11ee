extension HTTPClient {
  /// Where a client may go and how long it may take.
  public struct Configuration: Sendable {
    /// The only places that are ever connected to.
    public var origins: [Origin]
    /// How long connecting may take, name lookup and TLS included.
    public var connectTimeout: Duration = .seconds(5)
    /// How long the whole exchange may take.
    public var timeout: Duration = .seconds(10)
    /// The longest body of an answer, in bytes.
    public var bodyLimit = 64 * 1024
    /// A PEM file of the authorities to trust instead of the system's.
    public var trustFile: String?
    /// A proxy, such as `http://proxy.example:3128`; it then resolves the names.
    ///
    /// The environment is never asked for one.
    public var proxy: String?

    /// Addresses to take instead of asking for them, as `CURLOPT_RESOLVE` spells them.
    package var pinnedAddresses: [String] = []

    /// Allows these origins; the rest has its defaults.
    public init(origins: [Origin]) { self.origins = origins }
  }
}

/// Limits that nobody has asked to change.
enum Limits {
  /// All header fields of an answer, interim answers included.
  ///
  /// X sends about 2 KiB.
  static let headerBytes = 32 * 1024
  /// A URL.
  ///
  /// What common servers take as a request line.
  static let url = 16 * 1024
  /// The body of a request.
  ///
  /// No form of a provider has 64 KiB.
  static let requestBody = 1 << 20
  /// Exchanges at the same time; more are refused instead of queued behind slow ones.
  static let exchanges = 1024
  /// Connections at the same time; further exchanges wait for one, within their time.
  static let connections = 64
}
