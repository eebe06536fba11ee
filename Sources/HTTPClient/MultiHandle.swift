import CCurl

/// libcurl's multi handle, which runs many exchanges and says what it waits for.
///
/// Does no waiting of its own: tell it about descriptors and time with `act`, then look at
/// `takeWishes` and `nextDone`.
@safe
struct MultiHandle: ~Copyable {
  /// What libcurl asked for while it was called.
  struct Wishes {
    /// The last word about each descriptor, in the order said.
    var sockets: [(descriptor: CInt, poll: CInt)] = []
    /// What to do about the timer, if anything: -1 cancels it.
    var timer: Int?
  }

  /// What libcurl's callbacks write down, calling nothing of libcurl.
  fileprivate final class Notes {
    var wishes = Wishes()
  }

  private let raw: UnsafeMutableRawPointer?
  private let notes: Notes

  init() throws(HTTPClientError) {
    unsafe raw = Self.isInitialized ? curl_multi_init() : nil
    notes = Notes()
    // From here on `deinit` frees what there is. libcurl refuses null, whatever is asked of it.
    let context = unsafe Unmanaged.passUnretained(notes).toOpaque()
    guard unsafe shim_curl_multi_set_callbacks(raw, noteSocket, noteTimer, context) == CURLM_OK,
      unsafe shim_curl_multi_set_long(
        raw, CURLMOPT_MAX_TOTAL_CONNECTIONS, Limits.connections) == CURLM_OK
    else { throw .outOfMemory }
  }

  deinit { unsafe curl_multi_cleanup(raw) }

  /// Once in a process, and thread-safe because a static is.
  private static let isInitialized = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

  /// Starts an exchange; the handle must stay until it has been removed.
  mutating func add(_ easy: EasyHandle) -> Bool {
    unsafe easy.withRaw { unsafe curl_multi_add_handle(raw, $0) } == CURLM_OK
  }

  /// Ends an exchange, whether it is done or not.
  mutating func remove(_ easy: EasyHandle) {
    _ = unsafe easy.withRaw { unsafe curl_multi_remove_handle(raw, $0) }
  }

  /// Lets libcurl work on a descriptor that is ready for `events`, some of `CURL_CSELECT_*`.
  mutating func act(on descriptor: CInt, events: CInt) {
    var running: CInt = 0
    _ = unsafe curl_multi_socket_action(raw, descriptor, events, &running)
  }

  /// Lets libcurl look at the clock.
  mutating func actOnTime() { act(on: CURL_SOCKET_BAD, events: 0) }

  /// What libcurl has asked for since the last time.
  mutating func takeWishes() -> Wishes {
    defer { notes.wishes = Wishes() }
    return notes.wishes
  }

  /// The next exchange that is done and not yet removed.
  mutating func nextDone() -> (id: UInt, code: CURLcode)? {
    var easy: UnsafeMutableRawPointer?
    var code = CURLE_OK
    guard unsafe shim_curl_multi_next_done(raw, &easy, &code) else { return nil }
    return (UInt(bitPattern: easy), code)
  }
}

private func noteSocket(
  _: UnsafeMutableRawPointer?, _ descriptor: curl_socket_t, _ poll: CInt,
  _ context: UnsafeMutableRawPointer?, _: UnsafeMutableRawPointer?
) -> CInt {
  unsafe notes(context)?.wishes.sockets.append((descriptor, poll))
  return 0
}

private func noteTimer(
  _: UnsafeMutableRawPointer?, _ milliseconds: Int, _ context: UnsafeMutableRawPointer?
) -> CInt {
  unsafe notes(context)?.wishes.timer = milliseconds
  return 0
}

private func notes(_ context: UnsafeMutableRawPointer?) -> MultiHandle.Notes? {
  unsafe context.map { unsafe Unmanaged<MultiHandle.Notes>.fromOpaque($0).takeUnretainedValue() }
}
