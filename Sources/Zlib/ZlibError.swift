import CZlib

/// Why bytes could not be compressed or decompressed.
public enum ZlibError: Error, Hashable {
  /// The input is not of this format, or a checksum in it does not match.
  case corrupt
  /// The input ends before its stream does; no input at all counts.
  case truncated
  /// Bytes follow the end of the stream that do not begin another one.
  case trailingData
  /// The output would be longer than the limit.
  case tooLarge(limit: Int)
  /// zlib could not allocate its state.
  case outOfMemory

  /// Translates what zlib returns where neither progress nor the end was reached.
  init(status: CInt) {
    switch status {
    case Z_MEM_ERROR: self = .outOfMemory
    case Z_OK, Z_BUF_ERROR: self = .truncated
    // Z_DATA_ERROR, and Z_NEED_DICT: nobody agreed with us on a dictionary.
    default: self = .corrupt
    }
  }
}
