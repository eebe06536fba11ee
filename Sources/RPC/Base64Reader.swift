import TextCoding

/// Reads base64 that comes in pieces, cut wherever the peer cut it.
///
/// Padding may stand in the middle: every part that its sender flushed may have its own
/// (PROTOCOL-WEB.md).
struct Base64Reader: Sendable {
  /// Digits of a group of four that is not whole.
  private var pending: [UInt8] = []

  /// Whether nothing of a further group has been read.
  var isBetweenGroups: Bool { pending.isEmpty }

  /// Appends the bytes that the groups stand for that are whole now.
  mutating func decode(
    _ bytes: Span<UInt8>, appendingTo output: inout [UInt8]
  ) throws(RPCError) {
    pending.append(copying: bytes)
    let whole = pending.count - pending.count % 4
    var start = 0
    for end in stride(from: 4, through: whole, by: 4) {
      guard end == whole || pending[end - 1] == UInt8(ascii: "=") else { continue }
      guard let piece = Base64.decode(pending.span.extracting(start..<end)) else {
        throw .fault("the body is not base64")
      }
      output += piece
      start = end
    }
    pending.removeFirst(whole)
  }
}
