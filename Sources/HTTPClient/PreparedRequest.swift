/// A request that may be sent: its origin is allowed, and nothing in it can end a line early.
struct PreparedRequest: Sendable {
  let request: HTTPRequest
  let origin: Origin
  /// The origin's own text, then path and query.
  let url: String
  /// Lines as libcurl takes them.
  let headerLines: [String]

  init(_ request: HTTPRequest, origins: [Origin]) throws(HTTPClientError) {
    let match = origins.lazy.compactMap { origin in
      origin.target(of: request.url).map { (origin, $0) }
    }.first
    guard let (origin, target) = match else {
      throw HTTPClientError(.refusedOrigin, "the URL is in none of the allowed origins")
    }
    guard request.url.utf8.count <= Limits.url, request.body.count <= Limits.requestBody else {
      throw HTTPClientError(.invalidRequest, "the URL or the body is too long")
    }
    // A fragment never travels; everything else unusual must be percent-encoded.
    guard target.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }) else {
      throw HTTPClientError(.invalidRequest, "a character of the URL must be percent-encoded")
    }
    guard Self.isToken(request.method), request.method.uppercased() == request.method else {
      throw HTTPClientError(.invalidRequest, "the method is not a word in upper case")
    }
    self.request = request
    self.origin = origin
    url = origin.description + target
    headerLines = try Self.lines(request.headers)
  }

  private static func lines(_ headers: [HTTPField]) throws(HTTPClientError) -> [String] {
    var lines: [String] = []
    for field in headers {
      let name = field.name.lowercased()
      guard isToken(field.name), !ours.contains(name) else {
        throw HTTPClientError(.invalidRequest, "a field name that cannot be sent")
      }
      guard isValue(field.value) else {
        throw HTTPClientError(.invalidRequest, "a control character in the field \(name)")
      }
      // libcurl takes "Name:" as "do not send this" and "Name;" as an empty value.
      lines.append(field.value.isEmpty ? "\(field.name);" : "\(field.name): \(field.value)")
    }
    // What libcurl would add by itself.
    for name in ["Accept", "Expect", "Content-Type", "User-Agent"]
    where !headers.contains(where: { $0.name.lowercased() == name.lowercased() }) {
      lines.append("\(name):")
    }
    return lines
  }

  /// Fields that say where the request goes and where it ends: libcurl's to write, nobody else's.
  private static let ours: Set<String> = [
    "host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer",
    "keep-alive", "proxy-connection", "expect", "accept-encoding",
  ]

  /// RFC 9110, 5.6.2: token.
  private static func isToken(_ text: String) -> Bool {
    let marks = "!#$%&'*+-.^_`|~".utf8
    return !text.isEmpty
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: marks.contains(byte)
        }
      }
  }

  /// Visible ASCII and blanks between it; "CR, LF, or NUL" above all are dangerous (RFC 9110, 5.5).
  private static func isValue(_ text: String) -> Bool {
    text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F } && !text.hasPrefix(" ") && !text.hasSuffix(" ")
  }
}
