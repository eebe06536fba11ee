import TextCoding

// How metadata look as header fields.

extension Span<UInt8> {
  /// Whether a field of this name is HTTP's or a protocol's, and not part of the metadata.
  ///
  /// The one that tells clients when to come again is for handlers to send, and for callers to see.
  var isReserved: Bool {
    if isEmpty || self[0] == UInt8(ascii: ":") { return true }
    if hasPrefix("grpc-") { return !equals("grpc-retry-pushback-ms") }
    if hasPrefix("connect-") || equals("te") { return true }
    return equals("content-type") || equals("content-length") || equals("content-encoding")
      || equals("accept-encoding")
  }

  /// Whether a name that reads so has bytes as its value.
  var hasBinarySuffix: Bool {
    count > 4 && self[count - 1] == UInt8(ascii: "n") && extracting(last: 4).equals("-bin")
  }

  /// Whether this is one or more values in base64, separated by commas.
  var isBinaryValue: Bool {
    var isValid = true
    forEachListElement { if Base64.decode($0) == nil { isValid = false } }
    return isValid
  }

  /// Calls `body` with each element of a comma-separated list, spaces around it taken away.
  func forEachListElement(_ body: (Span<UInt8>) -> Void) {
    var start = 0
    while start <= count {
      var end = start
      while end < count, self[end] != UInt8(ascii: ",") { end += 1 }
      var (first, last) = (start, end)
      while first < last, self[first].isBlank { first += 1 }
      while first < last, self[last - 1].isBlank { last -= 1 }
      body(extracting(first..<last))
      start = end + 1
    }
  }
}

extension UInt8 {
  fileprivate var isBlank: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }

  /// Header-Name → 1*( %x30-39 / %x61-7A / "_" / "-" / ".").
  fileprivate var isInNames: Bool {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
      true
    default: false
    }
  }
}

extension Metadata {
  /// Adds a field as it came off the wire, unless it is the transport's or gRPC's.
  ///
  /// Several values of a `-bin` name may come joined by commas. One that is not base64 is left out:
  /// a server has refused it before, and of a response the rest is still good.
  package mutating func append(wireName name: Span<UInt8>, value: Span<UInt8>) {
    if name.isReserved { return }
    guard name.hasBinarySuffix else { return append(name: name, value: value) }
    value.forEachListElement { element in
      if let bytes = Base64.decode(element) { append(name: name, value: bytes.span) }
    }
  }

  /// Appends each entry as a header field.
  ///
  /// Names that belong to HTTP or gRPC are left out. Fails, with nothing appended, if an entry
  /// cannot be a header field.
  ///
  /// - Parameter prefix: what the names begin with on the wire.
  package func append(
    to sink: inout some FieldSink, prefix: String = ""
  ) throws(RPCError) {
    if isEmpty { return }
    for field in try fields() {
      let isSensitive = field.name.span.equals("authorization")
      sink.append(
        name: prefix.isEmpty ? field.name : Array(prefix.utf8) + field.name, value: field.value,
        isSensitive: isSensitive)
    }
  }

  /// The entries as header fields, without those whose names belong to HTTP or a protocol.
  ///
  /// Fails if one cannot be a header field.
  package func fields() throws(RPCError) -> [(name: [UInt8], value: [UInt8])] {
    let fields = compactMap { Self.field($0) }
    for field in fields where !Self.isValid(field) {
      throw RPCError(.internal, "an entry of the metadata cannot be sent")
    }
    return fields
  }

  private static func field(_ element: Element) -> (name: [UInt8], value: [UInt8])? {
    let name = Array(element.name.utf8)
    if name.span.isReserved { return nil }
    return switch element.value {
    case .text(let text): (name, Array(text.utf8))
    case .binary(let bytes): (name, Base64.encode(bytes, padded: false))
    }
  }

  /// ASCII-Value → 1*( %x20-%x7E ).
  private static func isValid(_ field: (name: [UInt8], value: [UInt8])) -> Bool {
    !field.name.isEmpty && field.name.allSatisfy(\.isInNames)
      && field.value.allSatisfy { (0x20...0x7E).contains($0) }
  }
}
