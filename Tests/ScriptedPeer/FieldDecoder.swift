internal import CNghttp2

/// Reads header blocks (RFC 7541), one after the other as they came.
@safe
final class FieldDecoder {
  private let raw: OpaquePointer

  init() {
    var raw: OpaquePointer?
    guard unsafe nghttp2_hd_inflate_new(&raw) == 0, let raw = unsafe raw else {
      preconditionFailure("out of memory")
    }
    unsafe self.raw = raw
  }

  deinit { unsafe nghttp2_hd_inflate_del(raw) }

  /// The fields of a whole block by their names; nil if it is malformed.
  func decode(_ block: [UInt8]) -> [String: String]? {
    var fields: [String: String] = [:]
    var rest = block[...]
    while true {
      var (field, flags) = (unsafe nghttp2_nv(), CInt(0))
      let count = unsafe rest.withUnsafeBufferPointer {
        unsafe nghttp2_hd_inflate_hd2(raw, &field, &flags, $0.baseAddress, $0.count, 1)
      }
      guard count >= 0 else { return nil }
      rest = rest.dropFirst(count)
      if has(flags, NGHTTP2_HD_INFLATE_EMIT) {
        let name = unsafe text(field.name, field.namelen)
        fields[name] = unsafe text(field.value, field.valuelen)
      }
      if has(flags, NGHTTP2_HD_INFLATE_FINAL) {
        unsafe nghttp2_hd_inflate_end_headers(raw)
        return fields
      }
      if rest.isEmpty, !has(flags, NGHTTP2_HD_INFLATE_EMIT) { return nil }
    }
  }

  private func has(_ flags: CInt, _ flag: nghttp2_hd_inflate_flag) -> Bool {
    UInt32(bitPattern: flags) & flag.rawValue != 0
  }

  private func text(_ start: UnsafeMutablePointer<UInt8>?, _ count: Int) -> String {
    unsafe String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
  }
}
