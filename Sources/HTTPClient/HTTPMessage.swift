/// A name and a value of a header section.
public struct HTTPField: Sendable, Hashable {
  /// The name, in the spelling to be sent or as it was received.
  public var name: String
  /// The value, without blanks around it.
  public var value: String

  /// Pairs them.
  public init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

/// What to ask of a server.
public struct HTTPRequest: Sendable, Hashable {
  /// The method, in upper case.
  public var method: String
  /// One of the allowed origins, followed by path and query as they are to be sent.
  public var url: String
  /// The fields to send.
  ///
  /// Nothing is added but `Host` and what frames the body.
  public var headers: [HTTPField]
  /// The body.
  public var body: [UInt8]
  /// Whether sending it twice does no harm.
  ///
  /// A repeatable request may use a connection that is open already, and is sent again if that turns
  /// out to be dead. Any other gets a connection of its own and is sent at most once.
  public var isRepeatable: Bool

  /// Puts one together; GET and HEAD are repeatable unless told otherwise.
  public init(
    method: String, url: String, headers: [HTTPField] = [], body: [UInt8] = [],
    isRepeatable: Bool? = nil
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.isRepeatable = isRepeatable ?? (method == "GET" || method == "HEAD")
  }
}

/// Fields, queries and bodies carry secrets: whatever prints a request, an answer or a field shows
/// none of them.
extension HTTPField: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The name.
  public var description: String { "\(name): ***" }
  /// The name.
  public var debugDescription: String { description }
  /// Nothing, for `dump`.
  public var customMirror: Mirror { Mirror(self, children: []) }
}

extension HTTPRequest: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The method, and the address without its query.
  public var description: String { "\(method) \(url.prefix { $0 != "?" })" }
  /// The method, and the address without its query.
  public var debugDescription: String { description }
  /// Nothing, for `dump`.
  public var customMirror: Mirror { Mirror(self, children: []) }
}

extension HTTPResponse: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The status, and the length of the body.
  public var description: String { "\(status), \(body.count) bytes" }
  /// The status, and the length of the body.
  public var debugDescription: String { description }
  /// Nothing, for `dump`.
  public var customMirror: Mirror { Mirror(self, children: []) }
}

/// What a server answered.
public struct HTTPResponse: Sendable, Hashable {
  /// The status code; redirects are answers like any other.
  public var status: Int
  /// The fields in the order received, those after the body too.
  public var headers: [HTTPField]
  /// The body as it was sent, never decompressed.
  public var body: [UInt8]

  /// Puts one together.
  public init(status: Int, headers: [HTTPField] = [], body: [UInt8] = []) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// The first value of this name, in whatever case.
  public func header(_ name: String) -> String? {
    headers.first { $0.name.lowercased() == name.lowercased() }?.value
  }
}
