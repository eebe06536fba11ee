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

  /// Those of a list in `accept-encoding` that we have, in its order.
  package static func accepted(by list: Span<UInt8>) -> [Compression] {
    var accepted: [Compression] = []
    list.forEachListElement { element in
      let end = element.firstIndex { $0 == UInt8(ascii: ";") || $0 == UInt8(ascii: " ") }
      // Browsers and curl weigh nothing. A weight of zero is a refusal (RFC 9110, 12.4.2).
      guard let compression = Compression(name: element.extracting(first: end ?? element.count)),
        !element.isRefused
      else { return }
      accepted.append(compression)
    }
    return accepted
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
      throw .fault("a message is compressed, but the header fields do not say how")
    }
    do { return try format.decompress(frame.payload, limit: limit) } catch .tooLarge {
      throw RPCError(.resourceExhausted, "a message is over the limit of \(limit) bytes")
    } catch {
      throw .fault("a message cannot be decompressed", error)
    }
  }
}

extension Span<UInt8> {
  /// Whether an element of a list has the weight zero: `;q=0`, `; q=0.000`.
  fileprivate var isRefused: Bool {
    guard let equals = firstIndex(where: { $0 == UInt8(ascii: "=") }) else { return false }
    let weight = extracting(droppingFirst: equals + 1)
    return !weight.isEmpty
      && weight.firstIndex { $0 != UInt8(ascii: "0") && $0 != UInt8(ascii: ".") } == nil
  }
}

/// Some of the compressions, without an allocation for them.
struct CompressionSet: Sendable {
  private var bits: UInt8 = 0

  init(_ members: [Compression] = []) { for member in members { insert(member) } }

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
