import RPC

// `#expect` cannot take a span: the same functions for text.

extension Timeout {
  static func parse(_ text: String) -> Duration? { parse(text.utf8.span) }
}

extension PercentEncoding {
  static func decode(_ text: String) -> String { decode(text.utf8.span) }
}

extension Metadata {
  mutating func append(wireName name: String, value: String) {
    append(wireName: name.utf8.span, value: value.utf8.span)
  }
}

extension ContentType {
  init?(_ value: String) { self.init(value.utf8.span) }
}

extension Refusal {
  /// The HTTP status of the answer, where it is not for the protocol of the call to say.
  var httpStatus: Int {
    if case .http(let status, _, _) = form { status } else { 200 }
  }
}

/// Collects header fields, to look at them or to read them back.
struct Fields: FieldSink {
  var fields: [(name: String, value: String)] = []
  var sensitive: [String] = []

  mutating func append(
    name: some Collection<UInt8>, value: some Collection<UInt8>, isSensitive: Bool
  ) {
    let name = String(decoding: name, as: UTF8.self)
    fields.append((name, String(decoding: value, as: UTF8.self)))
    if isSensitive { sensitive.append(name) }
  }

  subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

  /// The fields as a client reads them.
  var response: ResponseFields {
    var response = ResponseFields()
    for field in fields { response.add(name: field.name.utf8.span, value: field.value.utf8.span) }
    return response
  }
}
