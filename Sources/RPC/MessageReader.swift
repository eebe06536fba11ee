import TextCoding

/// How messages lie in the body of a request or a response.
package enum BodyForm: Sendable {
  /// Each in its frame.
  case frames
  /// The same, all of it in base64.
  case base64Frames
  /// The body is the one message.
  case bare
}

extension WireProtocol {
  /// How messages lie in bodies.
  package var bodyForm: BodyForm {
    switch self {
    case .grpc, .grpcWeb, .connectStreaming: .frames
    case .grpcWebText: .base64Frames
    case .connectUnary: .bare
    }
  }
}

extension WireProtocol {
  /// A message as it stands in a body, of its frame.
  package func body(of frame: [UInt8]) -> [UInt8] {
    switch bodyForm {
    case .frames: frame
    case .base64Frames: Base64.encode(frame)
    case .bare: Array(frame.dropFirst(Framing.prefixLength))
    }
  }
}

/// Reads the messages of one side of a call: takes them out of the body, decompresses them and
/// holds them to the number that the method allows.
package struct MessageReader: Sendable {
  private var deframer: Deframer
  private let form: BodyForm
  private let compression: Compression
  private let expectsOne: Bool
  private let limit: Int
  private var count = 0
  private var base64 = Base64Reader()
  /// A message without a frame, or frames that have been read from base64 and not yet looked at.
  private var collected: [UInt8] = []
  private var collectedStart = 0
  /// What has ended the stream from within, decompressed.
  package private(set) var end: [UInt8]?

  /// Reads messages compressed like this; `expectsOne` where the method is not streaming this way.
  package init(
    _ compression: Compression, form: BodyForm = .frames, endFlag: UInt8 = 0, expectsOne: Bool,
    limits: CallLimits
  ) {
    deframer = Deframer(limit: limits.messageBytes, endFlag: endFlag)
    self.form = form
    self.compression = compression
    self.expectsOne = expectsOne
    limit = limits.messageBytes
  }

  /// How many bytes of a message that is not whole yet are kept.
  package var keptBytes: Int { deframer.keptBytes + collected.count }

  /// Reads from the front of `bytes`, and takes away what it read.
  ///
  /// Returns a message as soon as it is whole, and nil when `bytes` is used up.
  package mutating func next(from bytes: inout Span<UInt8>) throws(RPCError) -> ReceivedMessage? {
    switch form {
    case .frames: return try nextFramed(from: &bytes)
    case .base64Frames: return try nextFramed(inBase64: &bytes)
    case .bare:
      try collect(&bytes)
      return nil
    }
  }

  private mutating func nextFramed(
    from bytes: inout Span<UInt8>
  ) throws(RPCError) -> ReceivedMessage? {
    if end != nil, !bytes.isEmpty { throw Self.afterEnd }
    guard let frame = try deframer.next(from: &bytes) else { return nil }
    let message = try compression.message(in: frame, limit: limit)
    if frame.isEnd {
      end = message
      if bytes.isEmpty { return nil } else { throw Self.afterEnd }
    }
    count += 1
    if expectsOne, count > 1 { throw Self.wrongCount }
    return ReceivedMessage(bytes: message, wasCompressed: frame.isCompressed)
  }

  private mutating func nextFramed(
    inBase64 bytes: inout Span<UInt8>
  ) throws(RPCError) -> ReceivedMessage? {
    try base64.decode(bytes, appendingTo: &collected)
    bytes = bytes.extracting(last: 0)
    let all = collected
    var rest = all.span.extracting(droppingFirst: collectedStart)
    let message = try nextFramed(from: &rest)
    collectedStart = all.count - rest.count
    if message == nil {
      collected = []
      collectedStart = 0
    }
    return message
  }

  private mutating func collect(_ bytes: inout Span<UInt8>) throws(RPCError) {
    guard bytes.count <= limit - collected.count else {
      throw RPCError(.resourceExhausted, "a message is over the limit of \(limit) bytes")
    }
    collected.append(copying: bytes)
    bytes = bytes.extracting(last: 0)
  }

  /// No bytes follow; returns the message that they were, where it needs no frame.
  package mutating func finish() throws(RPCError) -> ReceivedMessage? {
    guard form != .bare else { return try takeBare() }
    guard deframer.isBetweenMessages, base64.isBetweenGroups else {
      throw .fault("the stream ended within a message")
    }
    if expectsOne, count == 0 { throw Self.wrongCount }
    return nil
  }

  private mutating func takeBare() throws(RPCError) -> ReceivedMessage {
    defer { collected = [] }
    // "Servers must not attempt to decompress zero-length HTTP request content."
    let isCompressed = compression != .identity && !collected.isEmpty
    let frame = Deframer.Frame(isCompressed: isCompressed, payload: collected)
    let message = try compression.message(in: frame, limit: limit)
    return ReceivedMessage(bytes: message, wasCompressed: isCompressed)
  }

  private static var afterEnd: RPCError {
    RPCError(.internal, "there is more behind the end of the stream")
  }

  // "Cardinality violations: UNIMPLEMENTED" (statuscodes.md), on both sides.
  package static var wrongCount: RPCError {
    RPCError(.unimplemented, "the method takes exactly one message this way")
  }
}
