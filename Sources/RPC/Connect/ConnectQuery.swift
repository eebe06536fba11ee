import TextCoding

/// The query of a unary Connect call by GET: `?encoding=json&message=%7B%7D`.
struct ConnectQuery {
  private(set) var contentType: ContentType?
  private(set) var compression: Compression? = .identity
  private var text: [UInt8]?
  private var isBase64 = false
  private var isOtherVersion = false

  /// Reads what follows the question mark; what it does not know, it passes over.
  init(_ query: [UInt8]) {
    for parameter in query.split(separator: UInt8(ascii: "&")) {
      let end = parameter.firstIndex(of: UInt8(ascii: "=")) ?? parameter.endIndex
      let name = Self.decode(parameter[..<end])
      let value = Self.decode(parameter[end...].dropFirst())
      add(String(decoding: name, as: UTF8.self), value)
    }
  }

  private mutating func add(_ name: String, _ value: [UInt8]) {
    switch name {
    case "encoding": contentType = ContentType(formatName: value.span)
    case "compression": compression = value.isEmpty ? .identity : Compression(name: value.span)
    case "message": text = value
    // "The value of the parameter should be one. Other values will simply be ignored."
    case "base64": isBase64 = value == [UInt8(ascii: "1")]
    case "connect": isOtherVersion = value != Array("v1".utf8)
    default: break
    }
  }

  /// What is wrong with the query, if anything is.
  var error: RPCError? {
    if isOtherVersion { return RPCError(.invalidArgument, "the parameter 'connect' must be v1") }
    if text == nil { return RPCError(.invalidArgument, "the parameter 'message' is missing") }
    if message == nil { return RPCError(.invalidArgument, "the message is not base64") }
    return nil
  }

  /// The message, perhaps compressed; nil where there is none.
  var message: [UInt8]? {
    guard let text, isBase64 else { return text }
    // RFC 4648, section 5: two digits differ from those of section 4.
    let standard = text.map { digit in
      switch digit {
      case UInt8(ascii: "-"): UInt8(ascii: "+")
      case UInt8(ascii: "_"): UInt8(ascii: "/")
      default: digit
      }
    }
    return Base64.decode(standard.span)
  }

  /// Takes the escapes out of a parameter, as forms have them: `+` is a space.
  private static func decode(_ text: ArraySlice<UInt8>) -> [UInt8] {
    PercentEncoding.bytes(Array(text).span, plusIsSpace: true)
  }
}
