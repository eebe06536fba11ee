/// A request ready to be sent as it is.
///
/// Prints neither its headers nor its body.
///
/// Send it over TLS and follow no redirect: it was signed for this address alone.
public struct PreparedRequest: Sendable {
  /// The HTTP method.
  public let method: String
  /// The address, with its query.
  public let url: String
  /// The headers to send, beside what HTTP itself needs.
  public let headers: [(name: String, value: String)]
  /// The body; empty where there is none.
  public let body: [UInt8]

  init(_ request: SignableRequest, authorization: String?) {
    method = request.method
    url = request.url
    let authorization = authorization.map { [(name: "Authorization", value: $0)] } ?? []
    switch request.body {
    case .none:
      headers = authorization
      body = []
    case .form(let parameters):
      headers = authorization + [(name: "Content-Type", value: Form.mediaType)]
      body = Array(Form.encode(parameters).utf8)
    case .other(let contentType, let bytes):
      headers = authorization + [(name: "Content-Type", value: contentType)]
      body = bytes
    }
  }
}

extension PreparedRequest: Redacted {
  /// Method and address without the query.
  public var description: String { "\(method) \(url.prefix { $0 != "?" })" }
}
