extension [UInt8] {
  /// Appends the bytes of a span.
  package mutating func append(copying span: Span<UInt8>) {
    append(addingCapacity: span.count) { output in
      for index in span.indices { output.append(span[index]) }
    }
  }
}

extension String {
  /// Bytes as text; what is not UTF-8 is replaced.
  package init(repairing bytes: Span<UInt8>) {
    self = unsafe bytes.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
  }
}

extension Span<UInt8> {
  /// Whether the bytes are the text's.
  package func equals(_ text: String) -> Bool {
    let other = text.utf8.span
    guard count == other.count else { return false }
    for index in indices where self[index] != other[index] { return false }
    return true
  }

  /// Whether the bytes are the text's, upper case letters taken for lower case; `text` has none.
  package func equalsIgnoringCase(_ text: String) -> Bool {
    let other = text.utf8.span
    guard count == other.count else { return false }
    for index in indices where self[index].lowercased != other[index] { return false }
    return true
  }

  /// Whether the first bytes are the text's.
  package func hasPrefix(_ text: String) -> Bool {
    count >= text.utf8.count && extracting(first: text.utf8.count).equals(text)
  }

  /// The first place that satisfies a condition.
  package func firstIndex(where condition: (UInt8) -> Bool) -> Int? {
    for index in indices where condition(self[index]) { return index }
    return nil
  }
}

extension UInt8 {
  /// The byte, with A to Z as a to z.
  var lowercased: UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self | 0x20 : self
  }
}
