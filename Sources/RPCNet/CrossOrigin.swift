internal import HTTP2
internal import RPC

/// Which web pages may call, and how a browser is told (the CORS protocol of the Fetch standard).
///
/// Pages authenticate with tokens that they hold, never with what the browser keeps, so credentials
/// in its sense are not allowed.
struct CrossOrigin: Sendable {
  private let origins: [[UInt8]]
  /// What a page may read at least, whatever a response has.
  private static let exposed = [
    "grpc-status", "grpc-message", "grpc-status-details-bin", "content-encoding",
    "connect-content-encoding",
  ]
  /// Two hours: what Chromium keeps to at most.
  private static let maximumAge = "7200"

  /// Pages of these origins, as `https://app.example`; nil if there are none.
  init?(_ origins: [String]) {
    if origins.isEmpty { return nil }
    self.origins = origins.map { Array($0.utf8) }
  }

  /// Where a request comes from.
  func page(_ headers: HeaderBlock) -> Page {
    guard let origin = headers["origin"], origins.contains(where: { $0.elementsEqual(origin) })
    else { return Page(origin: nil) }
    return Page(origin: Array(origin))
  }

  /// A web page that may call, or whoever else does.
  struct Page: Sendable {
    /// Nil for a page that may not, and for what is none.
    fileprivate let origin: [UInt8]?

    /// Lets the page read a response, and whoever keeps it know that others may not.
    func permit(_ block: inout HeaderBlock) {
      guard origin != nil else { return block.append("vary", "origin") }
      var names = CrossOrigin.exposed
      for field in block where field.name.first != UInt8(ascii: ":") {
        let name = String(decoding: field.name, as: UTF8.self)
        if !names.contains(name) { names.append(name) }
      }
      appendOrigin(to: &block)
      block.append("access-control-expose-headers", names.joined(separator: ", "))
    }

    /// What answers the question that a browser asks before a call.
    ///
    /// Any header field may be sent: they are the metadata of calls, and what is not a name has not
    /// come through HTTP/2.
    ///
    /// Nil for a page that may not call.
    func preflight(_ headers: HeaderBlock) -> HeaderBlock? {
      guard origin != nil else { return nil }
      var block = HeaderBlock([":status": "204"])
      appendOrigin(to: &block)
      block.append("access-control-allow-methods", "GET, POST")
      if let names = headers["access-control-request-headers"] {
        block.append(name: "access-control-allow-headers".utf8, value: names)
      }
      block.append("access-control-max-age", CrossOrigin.maximumAge)
      return block
    }

    private func appendOrigin(to block: inout HeaderBlock) {
      if let origin { block.append(name: "access-control-allow-origin".utf8, value: origin) }
      block.append("vary", "origin")
    }
  }
}
