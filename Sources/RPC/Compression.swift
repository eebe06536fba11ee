import Zlib

/// How messages are compressed on the wire.
public enum Compression: Sendable, Hashable, CaseIterable {
  /// Not at all.
  case identity
  /// RFC 1952.
  case gzip
  /// RFC 1950, the zlib format.
  case deflate
}

extension Compression {
  /// What goes into `grpc-accept-encoding`: all of them.
  package static let acceptEncoding = "identity,deflate,gzip"

  /// The compression of this name in `grpc-encoding`, or nil for one that we do not have.
  package init?(name: Span<UInt8>) {
    guard let known = Self.allCases.first(where: { name.equals($0.name) }) else { return nil }
    self = known
  }

  /// The name in `grpc-encoding`.
  package var name: String {
    switch self {
    case .identity: "identity"
    case .gzip: "gzip"
    case .deflate: "deflate"
    }
  }

  private var format: CompressionFormat? {
    switch self {
    case .identity: nil
    case .gzip: .gzip
    case .deflate: .deflate
    }
  }

  func compress(_ message: [UInt8]) throws(RPCError) -> [UInt8] {
    guard let format else { return message }
    do { return try format.compress(message, level: .fastest) } catch {
      throw RPCError(.internal, "a message cannot be compressed", cause: error)
    }
  }

  /// The message in a frame; inflating stops at the first byte over the limit.
  func message(in frame: Deframer.Frame, limit: Int) throws(RPCError) -> [UInt8] {
    guard frame.isCompressed else { return frame.payload }
    guard let format else {
      // "If the Compressed-Flag is set and no Message-Encoding is given, INTERNAL."
      throw RPCError(.internal, "a message is compressed, but grpc-encoding does not say how")
    }
    do { return try format.decompress(frame.payload, limit: limit) } catch .tooLarge {
      throw RPCError(.resourceExhausted, "a message is over the limit of \(limit) bytes")
    } catch {
      throw RPCError(.internal, "a message cannot be decompressed", cause: error)
    }
  }
}

/// Some of the compressions, without an allocation for them.
struct CompressionSet: Sendable {
  private var bits: UInt8 = 0

  mutating func insert(_ compression: Compression) { bits |= Self.bit(compression) }
  func contains(_ compression: Compression) -> Bool { bits & Self.bit(compression) != 0 }

  private static func bit(_ compression: Compression) -> UInt8 {
    switch compression {
    case .identity: 1
    case .gzip: 2
    case .deflate: 4
    }
  }
}
