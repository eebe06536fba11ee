internal import CNghttp2

// nghttp2 calls these while it reads or writes. They capture nothing, write down what happened in
// the inbox and return; of the library they use only what its documentation allows there: looking
// up and setting a stream's user data, and submitting trailers when a body ends.

/// The table of callbacks, made once; the library copies it into each session.
@safe
struct Callbacks: ~Copyable, @unchecked Sendable {
  // Immutable after `init`, hence Sendable.
  let raw: OpaquePointer

  static let shared = Callbacks()

  private init() {
    var raw: OpaquePointer?
    guard unsafe nghttp2_session_callbacks_new(&raw) == 0, let table = unsafe raw else {
      preconditionFailure("out of memory")
    }
    unsafe nghttp2_session_callbacks_set_on_begin_headers_callback(table, onBeginHeaders)
    unsafe nghttp2_session_callbacks_set_on_header_callback(table, onHeader)
    unsafe nghttp2_session_callbacks_set_on_invalid_header_callback(table, onInvalidHeader)
    unsafe nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(table, onInvalidFrame)
    unsafe nghttp2_session_callbacks_set_on_data_chunk_recv_callback(table, onDataChunk)
    unsafe nghttp2_session_callbacks_set_on_frame_recv_callback(table, onFrame)
    unsafe nghttp2_session_callbacks_set_on_frame_send_callback(table, onFrameSent)
    unsafe nghttp2_session_callbacks_set_on_frame_not_send_callback(table, onFrameNotSent)
    unsafe nghttp2_session_callbacks_set_on_stream_close_callback(table, onStreamClose)
    unsafe self.raw = table
  }
}

private let keepGoing: CInt = 0
private let endConnection = CInt(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)
private let endStream = CInt(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)

/// The inbox of the session that calls.
///
/// It is the session's alone, and the session does not look at it while the library runs.
private func withInbox<Result>(
  _ userData: UnsafeMutableRawPointer?, _ body: (inout Inbox) -> Result
) -> Result {
  guard let userData = unsafe userData else { preconditionFailure("a session without an inbox") }
  return unsafe body(&userData.assumingMemoryBound(to: Inbox.self).pointee)
}

/// The place of a stream, kept by the library as the stream's user data: one more than the slot, so
/// that none is null.
func userData(for key: StreamKey) -> UnsafeMutableRawPointer? {
  unsafe UnsafeMutableRawPointer(bitPattern: key.slot + 1)
}

private func key(
  _ session: OpaquePointer?, _ id: Int32, _ streams: borrowing StreamTable
) -> StreamKey? {
  let data = unsafe nghttp2_session_get_stream_user_data(session, id)
  let key = StreamKey(slot: Int(bitPattern: data) - 1, id: StreamID(rawValue: id))
  return streams.contains(key) ? key : nil
}

private func has(_ flag: nghttp2_flag, _ header: nghttp2_frame_hd) -> Bool {
  UInt32(header.flags) & flag.rawValue != 0
}

private func onBeginHeaders(
  _ session: OpaquePointer?, _ frame: UnsafePointer<nghttp2_frame>?,
  _ data: UnsafeMutableRawPointer?
) -> CInt {
  guard let frame = unsafe frame?.pointee else { return keepGoing }
  let id = unsafe frame.hd.stream_id
  return unsafe withInbox(data) { inbox in
    guard unsafe frame.headers.cat == NGHTTP2_HCAT_REQUEST else {
      inbox.beginBlock(for: unsafe key(session, id, inbox.streams))
      return keepGoing
    }
    // Later than the last one that the peer will hear of: it may be made again elsewhere.
    if inbox.takesNoStreams { return unsafe refuse(session, id) }
    let key = inbox.streams.insert(StreamID(rawValue: id))
    inbox.beginRequest(for: key)
    return unsafe nghttp2_session_set_stream_user_data(session, id, userData(for: key))
  }
}

/// Resets a stream as one that nobody has looked at.
private func refuse(_ session: OpaquePointer?, _ id: Int32) -> CInt {
  _ = unsafe nghttp2_submit_rst_stream(
    session, UInt8(NGHTTP2_FLAG_NONE.rawValue), id, ErrorCode.refusedStream.rawValue)
  return endStream
}

private func onHeader(
  _: OpaquePointer?, _: UnsafePointer<nghttp2_frame>?, _ name: UnsafePointer<UInt8>?,
  _ nameCount: Int, _ value: UnsafePointer<UInt8>?, _ valueCount: Int, _ flags: UInt8,
  _ data: UnsafeMutableRawPointer?
) -> CInt {
  unsafe withInbox(data) { inbox in
    let isSensitive = UInt32(flags) & NGHTTP2_NV_FLAG_NO_INDEX.rawValue != 0
    let goOn = unsafe inbox.addField(
      name: UnsafeBufferPointer(start: name, count: nameCount),
      value: UnsafeBufferPointer(start: value, count: valueCount), isSensitive: isSensitive)
    return goOn ? keepGoing : endConnection
  }
}

/// A field with a forbidden character.
///
/// The library would drop it silently; RFC 9113, section 8.2.1 has the whole message treated as
/// malformed.
private func onInvalidHeader(
  _: OpaquePointer?, _: UnsafePointer<nghttp2_frame>?, _: UnsafePointer<UInt8>?, _: Int,
  _: UnsafePointer<UInt8>?, _: Int, _: UInt8, _: UnsafeMutableRawPointer?
) -> CInt { endStream }

/// A frame that made the library reset its stream, or end the connection.
private func onInvalidFrame(
  _: OpaquePointer?, _: UnsafePointer<nghttp2_frame>?, _ error: CInt,
  _ data: UnsafeMutableRawPointer?
) -> CInt {
  unsafe withInbox(data) { inbox in
    let isRefusal = error == CInt(NGHTTP2_ERR_REFUSED_STREAM.rawValue)
    let excess = isRefusal ? inbox.frames.addRefusedStream() : inbox.frames.addProvokedReset()
    return inbox.tolerates(excess) ? keepGoing : endConnection
  }
}

private func onDataChunk(
  _ session: OpaquePointer?, _: UInt8, _ id: Int32, _ bytes: UnsafePointer<UInt8>?, _ count: Int,
  _ data: UnsafeMutableRawPointer?
) -> CInt {
  guard let bytes = unsafe bytes else { return keepGoing }
  return unsafe withInbox(data) { inbox in
    inbox.unreturnedBytes += count
    if let key = unsafe key(session, id, inbox.streams) {
      unsafe inbox.addData(for: key, UnsafeRawBufferPointer(start: bytes, count: count))
    }
    return keepGoing
  }
}

private func onFrame(
  _ session: OpaquePointer?, _ frame: UnsafePointer<nghttp2_frame>?,
  _ data: UnsafeMutableRawPointer?
) -> CInt {
  guard let frame = unsafe frame else { return keepGoing }
  let header = unsafe frame.pointee.hd
  let isEnd = has(NGHTTP2_FLAG_END_STREAM, header)
  return unsafe withInbox(data) { inbox in
    switch nghttp2_frame_type(UInt32(header.type)) {
    case NGHTTP2_HEADERS:
      if !inbox.endBlock(endStream: isEnd) { return endConnection }
    case NGHTTP2_DATA:
      if isEnd, let key = unsafe key(session, header.stream_id, inbox.streams) {
        inbox.endBody(of: key)
      }
    case NGHTTP2_SETTINGS:
      inbox.record(has(NGHTTP2_FLAG_ACK, header) ? .settingsAcknowledged : .settings)
    case NGHTTP2_PING:
      if has(NGHTTP2_FLAG_ACK, header) {
        let payload = unsafe withUnsafeBytes(of: frame.pointee.ping.opaque_data) {
          unsafe $0.loadUnaligned(as: UInt64.self)
        }
        inbox.record(.pingAcknowledged(UInt64(bigEndian: payload)))
      }
    case NGHTTP2_GOAWAY:
      unsafe inbox.record(goAway(frame.pointee.goaway))
    default: break
    }
    return keepGoing
  }
}

/// A peer's last words, as far as a line of a log has room for them.
private func goAway(_ frame: nghttp2_goaway) -> Event {
  let text = unsafe UnsafeBufferPointer(start: frame.opaque_data, count: frame.opaque_data_len)
  return .goAway(
    lastStream: StreamID(rawValue: unsafe frame.last_stream_id),
    ErrorCode(rawValue: unsafe frame.error_code),
    text: unsafe String(decoding: text.prefix(100), as: UTF8.self))
}

/// Counts, and finds a response that is complete while its request is not: what is left of that is
/// not wanted.
///
/// RFC 9113, section 8.1: "A server MAY request that the client abort transmission of a request
/// without error by sending a RST_STREAM with an error code of NO_ERROR after sending a complete
/// response".
private func onFrameSent(
  _ session: OpaquePointer?, _ frame: UnsafePointer<nghttp2_frame>?,
  _ data: UnsafeMutableRawPointer?
) -> CInt {
  guard let frame = unsafe frame else { return keepGoing }
  let header = unsafe frame.pointee.hd
  if header.type == FrameType.goAway {
    let code = ErrorCode(rawValue: unsafe frame.pointee.goaway.error_code)
    unsafe withInbox(data) { $0.lastWords = code }
  }
  guard header.type <= FrameType.headers else { return keepGoing }
  return unsafe withInbox(data) { inbox in
    inbox.frames.sentFrame(isData: header.type == FrameType.data)
    if inbox.isServer, has(NGHTTP2_FLAG_END_STREAM, header),
      unsafe nghttp2_session_get_stream_remote_close(session, header.stream_id) == 0,
      let key = unsafe key(session, header.stream_id, inbox.streams)
    {
      inbox.toReset.append((key, .noError))
    }
    return keepGoing
  }
}

/// A request that could not be sent, since the connection takes no more: for us it is over.
private func onFrameNotSent(
  _: OpaquePointer?, _ frame: UnsafePointer<nghttp2_frame>?, _: CInt,
  _ data: UnsafeMutableRawPointer?
) -> CInt {
  guard let header = unsafe frame?.pointee.hd,
    UInt32(header.type) == NGHTTP2_HEADERS.rawValue
  else { return keepGoing }
  return unsafe withInbox(data) { inbox in
    guard let key = inbox.streams.find(StreamID(rawValue: header.stream_id)) else {
      return keepGoing
    }
    if !inbox.isServer, !inbox.streams[key].hasReceivedHeaders {
      inbox.close(key, .refusedStream)
    }
    return keepGoing
  }
}

/// Never answers anything but 0: the library would leak the stream (CVE-2023-35945).
private func onStreamClose(
  _ session: OpaquePointer?, _ id: Int32, _ code: UInt32, _ data: UnsafeMutableRawPointer?
) -> CInt {
  unsafe withInbox(data) { inbox in
    if let key = unsafe key(session, id, inbox.streams) {
      inbox.close(key, ErrorCode(rawValue: code))
    }
    return keepGoing
  }
}

/// Where a body comes from: the outbox of the stream whose slot is in `source`.
func readBody(
  _ session: OpaquePointer?, _ id: Int32, _ buffer: UnsafeMutablePointer<UInt8>?, _ count: Int,
  _ flags: UnsafeMutablePointer<UInt32>?, _ source: UnsafeMutablePointer<nghttp2_data_source>?,
  _ data: UnsafeMutableRawPointer?
) -> Int {
  guard let source = unsafe source, let flags = unsafe flags else { return Int(endConnection) }
  return unsafe withInbox(data) { inbox in
    let slot = Int(unsafe source.pointee.fd)
    guard let key = inbox.streams.key(at: slot), key.id.rawValue == id else {
      return Int(endStream)
    }
    let (moved, outcome) = unsafe inbox.moveData(
      of: key, into: UnsafeMutableRawBufferPointer(start: buffer, count: count))
    switch outcome {
    case .more: break
    case .nothingYet: return Int(NGHTTP2_ERR_DEFERRED.rawValue)
    case .end: unsafe flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue
    case .endWithTrailers(let trailers):
      unsafe flags.pointee |=
        NGHTTP2_DATA_FLAG_EOF.rawValue | NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue
      let result = unsafe trailers.withLibraryFields { fields, count in
        unsafe nghttp2_submit_trailer(session, id, fields, count)
      }
      if result != 0 { return Int(endStream) }
    }
    return moved
  }
}
