package import HTTP2

/// Frames made by hand, so that they can be wrong.
package enum Frame {
  package static let endStream: UInt8 = 0x1
  package static let acknowledgement: UInt8 = 0x1
  package static let endHeaders: UInt8 = 0x4
  package static let padded: UInt8 = 0x8
  package static let priority: UInt8 = 0x20

  /// What a client sends first (RFC 9113, section 3.4), its settings left at their defaults.
  package static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + settings([])

  package static func raw(
    _ type: UInt8, _ flags: UInt8, _ stream: UInt32, _ payload: [UInt8] = []
  ) -> [UInt8] {
    bytes(UInt32(payload.count)).dropFirst() + [type, flags] + bytes(stream) + payload
  }

  package static func data(
    _ stream: UInt32, _ payload: [UInt8] = [], end: Bool = false, flags: UInt8 = 0
  ) -> [UInt8] {
    raw(0, flags | (end ? endStream : 0), stream, payload)
  }

  /// A header block in one frame, complete unless the flags say otherwise.
  package static func headers(
    _ stream: UInt32, _ block: [UInt8] = Fields.request, end: Bool = true,
    flags: UInt8 = endHeaders
  ) -> [UInt8] {
    raw(1, flags | (end ? endStream : 0), stream, block)
  }

  package static func priority(
    _ stream: UInt32, on parent: UInt32 = 0, exclusive: Bool = false, weight: UInt8 = 15
  ) -> [UInt8] {
    raw(2, 0, stream, dependency(on: parent, exclusive: exclusive, weight: weight))
  }

  /// The five bytes that a PRIORITY frame, or the flag of the same name, brings.
  package static func dependency(
    on parent: UInt32, exclusive: Bool = false, weight: UInt8 = 15
  ) -> [UInt8] {
    bytes(parent | (exclusive ? 1 << 31 : 0)) + [weight]
  }

  package static func reset(_ stream: UInt32, _ code: UInt32 = ErrorCode.cancel.rawValue) -> [UInt8]
  {
    raw(3, 0, stream, bytes(code))
  }

  package static func settings(_ entries: [(UInt16, UInt32)], flags: UInt8 = 0) -> [UInt8] {
    raw(4, flags, 0, entries.flatMap { bytes(UInt32($0)).dropFirst(2) + bytes($1) })
  }

  package static func ping(_ payload: [UInt8] = Array("pingpong".utf8), flags: UInt8 = 0) -> [UInt8]
  {
    raw(6, flags, 0, payload)
  }

  package static func goAway(
    _ code: UInt32 = 0, stream: UInt32 = 0, last: UInt32 = 0, text: String = ""
  ) -> [UInt8] {
    raw(7, 0, stream, bytes(last) + bytes(code) + text.utf8)
  }

  package static func windowUpdate(_ stream: UInt32, _ increment: UInt32) -> [UInt8] {
    raw(8, 0, stream, bytes(increment))
  }

  package static func continuation(
    _ stream: UInt32, _ block: [UInt8] = [], flags: UInt8 = endHeaders
  ) -> [UInt8] {
    raw(9, flags, stream, block)
  }

  /// A number as the wire has it.
  package static func bytes(_ number: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
  }
}

/// Header blocks made by hand (RFC 7541, section 6).
package enum Fields {
  package static let get: [UInt8] = [0x82]
  package static let post: [UInt8] = [0x83]
  package static let path: [UInt8] = [0x84]
  package static let http: [UInt8] = [0x86]
  /// `:authority: test`, not to be indexed.
  package static let authority: [UInt8] = [0x01, 4] + Array("test".utf8)

  /// A whole request, `GET http://test/`.
  package static let request = get + http + path + authority
  /// The same as a POST.
  package static let upload = post + http + path + authority

  /// A field not to be indexed, its name and value shorter than 127 bytes and not compressed.
  package static func literal(_ name: String, _ value: String) -> [UInt8] {
    [0, UInt8(name.utf8.count)] + name.utf8 + [UInt8(value.utf8.count)] + value.utf8
  }

  /// Fields as `literal` writes them.
  package static func block(_ fields: KeyValuePairs<String, String>) -> [UInt8] {
    fields.flatMap { literal($0.key, $0.value) }
  }

  /// A field whose value has 4,000 bytes.
  package static let long: [UInt8] =
    [0, 7] + Array("x-dummy".utf8) + [0x7F, 0xA1, 0x1E] + [UInt8](repeating: 0x78, count: 4000)
}

/// A frame that was received, as far as tests look.
package struct ReceivedFrame: Equatable, CustomStringConvertible {
  package let type: UInt8
  package let flags: UInt8
  package let stream: UInt32
  package let payload: [UInt8]
  /// What is in HEADERS, where somebody has decoded them.
  package var fields: [String: String] = [:]

  package init(type: UInt8, flags: UInt8, stream: UInt32, payload: [UInt8]) {
    self.type = type
    self.flags = flags
    self.stream = stream
    self.payload = payload
  }

  /// Whether nothing follows on its stream; for HEADERS and DATA.
  package var endsStream: Bool { flags & Frame.endStream != 0 }

  /// The error code of a RST_STREAM or a GOAWAY.
  package var code: ErrorCode? {
    switch type {
    case 3: ErrorCode(rawValue: number(at: 0))
    case 7: ErrorCode(rawValue: number(at: 4))
    default: nil
    }
  }

  /// The text that comes with a GOAWAY.
  package var debugText: String? {
    type == 7 ? String(decoding: payload.dropFirst(8), as: UTF8.self) : nil
  }

  private func number(at offset: Int) -> UInt32 {
    payload.dropFirst(offset).prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
  }

  package var description: String {
    "type \(type) flags \(flags) stream \(stream) \(code.map(String.init) ?? "\(payload.count) bytes")"
  }

  /// All whole frames in `bytes`.
  package static func all(in bytes: [UInt8]) -> [ReceivedFrame] {
    var frames: [ReceivedFrame] = []
    var rest = bytes[...]
    while rest.count >= 9 {
      let head = Array(rest.prefix(9))
      let length = head[..<3].reduce(0) { $0 << 8 | Int($1) }
      guard rest.count >= 9 + length else { break }
      let stream = head[5...].reduce(0) { $0 << 8 | UInt32($1) }
      let payload = Array(rest.dropFirst(9).prefix(length))
      frames.append(ReceivedFrame(type: head[3], flags: head[4], stream: stream, payload: payload))
      rest = rest.dropFirst(9 + length)
    }
    return frames
  }
}
