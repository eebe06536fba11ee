/// One name and value of an HTTP header section.
public struct Header: Sendable, Hashable {
  /// The name, in the spelling sent.
  public var name: String
  /// The value.
  public var value: String

  /// Pairs them.
  public init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

extension [Header] {
  /// The first value of this name, in whatever case.
  public func first(named name: String) -> String? {
    first { $0.name.lowercased() == name.lowercased() }?.value
  }
}

/// A request as it arrived.
public struct Request: Sendable, Hashable {
  /// The method, in upper case.
  public var method: String
  /// Path and query exactly as sent: they are signed in this spelling.
  public var target: String
  /// The header section; `Host` says which origin was signed.
  public var headers: [Header]
  /// The body, whole.
  public var body: [UInt8]

  /// Puts one together.
  public init(_ method: String, _ target: String, headers: [Header] = [], body: [UInt8] = []) {
    self.method = method
    self.target = target
    self.headers = headers
    self.body = body
  }

  /// The target without its query.
  var path: String { String(target.prefix { $0 != "?" }) }
  /// What follows the question mark.
  var query: Substring { target.drop { $0 != "?" }.dropFirst() }
  /// The address that the sender signed.
  var url: String { "http://\(headers.first(named: "host") ?? "")\(target)" }
  /// The `Authorization` header.
  var authorization: String { headers.first(named: "authorization") ?? "" }
  /// The body if its content type says that it is a form.
  var form: [UInt8] {
    let type = headers.first(named: "content-type") ?? ""
    return type.lowercased().hasPrefix("application/x-www-form-urlencoded") ? body : []
  }
}

/// An answer, and how it travels.
public struct Answer: Sendable, Hashable {
  /// The status code.
  public var status: Int
  /// The header section; the length is added where it is sent.
  public var headers: [Header]
  /// The body, before any fault.
  public var body: [UInt8]
  /// When and whether it leaves.
  public var delivery = Delivery.now

  /// Puts one together.
  public init(_ status: Int, type: String, _ body: String, headers: [Header] = []) {
    self.status = status
    self.headers = [Header("Content-Type", type)] + headers
    self.body = Array(body.utf8)
  }

  /// What to do with an answer.
  public enum Delivery: Sendable, Hashable {
    /// Send it.
    case now
    /// Send it so many milliseconds later.
    case delayed(milliseconds: Int)
    /// Send it, one byte of the body at a time with so many milliseconds in between.
    case trickled(milliseconds: Int)
    /// Never answer, but keep the connection.
    case hung
    /// Close the connection without an answer.
    case closed
  }

  static func json(_ json: JSON, headers: [Header] = []) -> Answer {
    Answer(200, type: "application/json; charset=utf-8", json.description, headers: headers)
  }

  /// The form-encoded answers of `oauth/*` say that they are HTML.
  static func form(_ form: String) -> Answer {
    Answer(200, type: "text/html; charset=utf-8", form)
  }

  static func redirect(_ location: String, headers: [Header] = []) -> Answer {
    Answer(
      302, type: "text/html; charset=utf-8", "", headers: [Header("Location", location)] + headers)
  }
}
