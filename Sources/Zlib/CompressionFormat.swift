/// What is wrapped around a deflate stream.
public enum CompressionFormat: Sendable, Hashable {
  /// RFC 1952: what HTTP and gRPC call `gzip`.
  case gzip
  /// RFC 1950: what HTTP and gRPC call `deflate`.
  case deflate

  /// zlib reads the wrapper out of the window size: 15 is its logarithm, 16 more means gzip.
  var windowBits: CInt {
    switch self {
    case .gzip: 15 + 16
    case .deflate: 15
    }
  }

  /// Compresses `bytes` in one go.
  ///
  /// Whoever compresses often keeps a `Compressor`, whose 256 KiB are then allocated once.
  public func compress(
    _ bytes: [UInt8], level: CompressionLevel = .standard
  ) throws(ZlibError) -> [UInt8] {
    var compressor = try Compressor(self, level: level)
    var output: [UInt8] = []
    try compressor.compress(bytes.span, appendingTo: &output)
    return output
  }

  /// Decompresses `bytes` in one go; `Decompressor.decompress` says what it accepts.
  public func decompress(_ bytes: [UInt8], limit: Int) throws(ZlibError) -> [UInt8] {
    var decompressor = try Decompressor(self)
    var output: [UInt8] = []
    try decompressor.decompress(bytes.span, limit: limit, appendingTo: &output)
    return output
  }
}

/// How much time to spend on size.
public struct CompressionLevel: Sendable, Hashable {
  let raw: CInt

  /// The quickest that still compresses.
  public static let fastest = CompressionLevel(raw: 1)
  /// zlib's own compromise.
  public static let standard = CompressionLevel(raw: 6)
  /// The smallest output.
  public static let smallest = CompressionLevel(raw: 9)
}
