internal import CNghttp2

extension HeaderBlock {
  /// Shows the fields to nghttp2 for the length of one call, which copies what it keeps.
  func withLibraryFields<Result>(
    _ body: (UnsafePointer<nghttp2_nv>?, Int) -> Result
  ) -> Result {
    unsafe bytes.withUnsafeBufferPointer { buffer in
      unsafe withUnsafeTemporaryAllocation(of: nghttp2_nv.self, capacity: count) { fields in
        guard let base = buffer.baseAddress else { return body(nil, 0) }
        var (offset, used) = (0, 0)
        while let place = place(at: &offset) {
          unsafe fields.initializeElement(at: used, to: Self.field(base, place))
          used += 1
        }
        return unsafe body(fields.baseAddress, used)
      }
    }
  }

  /// The library takes pointers to mutable bytes and does not change them.
  private static func field(_ base: UnsafePointer<UInt8>, _ place: Place) -> nghttp2_nv {
    let flags = place.isSensitive ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE
    return unsafe nghttp2_nv(
      name: UnsafeMutablePointer(mutating: base + place.name.lowerBound),
      value: UnsafeMutablePointer(mutating: base + place.value.lowerBound),
      namelen: place.name.count, valuelen: place.value.count, flags: UInt8(flags.rawValue))
  }
}
