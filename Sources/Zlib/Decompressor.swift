import CZlib

/// Decompresses one message after the other with the same memory.
public struct Decompressor: ~Copyable, Sendable {
  private var stream: Stream
  private let format: CompressionFormat

  /// Allocates the state, about 10 KiB, and later a window of 32 KiB.
  public init(_ format: CompressionFormat) throws(ZlibError) {
    self.format = format
    stream = try Stream(.inflate, format)
  }

  /// Appends what `bytes` holds to `output`, at most `limit` bytes of it.
  ///
  /// The input must be whole and nothing else. gzip may be several members one after the other,
  /// which read as one (RFC 1952, 2.2); anything else after the end, zero padding too, is
  /// `trailingData`. Work and memory stop at the first byte over the limit, so that a small input
  /// cannot make a large output. On failure nothing is appended. Wraps `inflate`.
  public mutating func decompress(
    _ bytes: Span<UInt8>, limit: Int, appendingTo output: inout [UInt8]
  ) throws(ZlibError) {
    precondition(limit >= 0, "a limit is not negative")
    let start = output.count
    do throws(ZlibError) {
      var consumed = 0
      repeat {
        if consumed > 0 { try expectMember(bytes.extracting(droppingFirst: consumed)) }
        consumed += try decompressMember(
          bytes.extracting(droppingFirst: consumed), start, limit, &output)
      } while consumed < bytes.count
    } catch {
      output.removeLast(output.count - start)
      throw error
    }
  }

  /// After the end only another gzip member may come, and it begins with ID1 = 31, ID2 = 139.
  private func expectMember(_ rest: Span<UInt8>) throws(ZlibError) {
    guard format == .gzip, rest[0] == 31, rest.count == 1 || rest[1] == 139 else {
      throw .trailingData
    }
  }

  /// Decompresses up to the end of one stream and returns how much input that took.
  private mutating func decompressMember(
    _ bytes: Span<UInt8>, _ start: Int, _ limit: Int, _ output: inout [UInt8]
  ) throws(ZlibError) -> Int {
    stream.reset()
    var consumed = 0
    var chunk = 512
    while true {
      // One byte more than is allowed, so that an output of exactly the limit is seen to end.
      let left = limit - (output.count - start)
      let room = left < chunk ? left + 1 : chunk
      let progress = stream.step(
        bytes.extracting(droppingFirst: consumed), room: room, appendingTo: &output)
      consumed += progress.consumed
      guard progress.produced <= left else { throw .tooLarge(limit: limit) }
      if progress.status == Z_STREAM_END { return consumed }
      guard progress.status == Z_OK, progress.consumed + progress.produced > 0 else {
        throw ZlibError(status: progress.status)
      }
      chunk = min(chunk * 2, Self.largestChunk)
    }
  }

  /// Large enough to be quick, small enough that its zero fill is lost in the work.
  private static let largestChunk = 1 << 20
}
