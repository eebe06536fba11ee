internal import CNghttp2

/// The library's options, released after use.
@safe
struct Options: ~Copyable {
  let raw: OpaquePointer

  init(_ role: Session.Role, _ limits: Limits) {
    var raw: OpaquePointer?
    guard unsafe nghttp2_option_new(&raw) == 0, let option = unsafe raw else {
      preconditionFailure("out of memory")
    }
    unsafe self.raw = option
    unsafe nghttp2_option_set_no_auto_window_update(option, 1)
    // Closed streams are kept only for the priority tree, which nobody uses.
    unsafe nghttp2_option_set_no_closed_streams(option, 1)
    // The table takes memory from the start, and what responses repeat is a handful of short fields.
    if role == .server { unsafe nghttp2_option_set_max_deflate_dynamic_table_size(option, 1024) }
    unsafe nghttp2_option_set_max_settings(option, limits.settingsEntries)
    unsafe nghttp2_option_set_max_outbound_ack(option, limits.queuedAcknowledgements)
    // Out of the way: the library counts calls, the inbox counts frames.
    unsafe nghttp2_option_set_max_continuations(option, 1024)
  }

  deinit { unsafe nghttp2_option_del(raw) }
}
