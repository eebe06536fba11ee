import CZlib

/// Compresses one message after the other with the same memory.
public struct Compressor: ~Copyable, Sendable {
  private var stream: Stream

  /// Allocates the state, about 256 KiB.
  public init(
    _ format: CompressionFormat, level: CompressionLevel = .standard
  ) throws(ZlibError) {
    stream = try Stream(.deflate(level), format)
  }

  /// Appends `bytes` to `output` as one complete stream.
  ///
  /// On failure nothing is appended. Wraps `deflate`.
  public mutating func compress(
    _ bytes: Span<UInt8>, appendingTo output: inout [UInt8]
  ) throws(ZlibError) {
    stream.reset()
    let start = output.count
    var consumed = 0
    // A guess that most messages fit in; the stream asks again if not.
    var room = bytes.count / 2 + 64
    while true {
      let progress = stream.step(
        bytes.extracting(droppingFirst: consumed), room: room, appendingTo: &output)
      consumed += progress.consumed
      if progress.status == Z_STREAM_END { return }
      guard progress.consumed + progress.produced > 0 else {
        output.removeLast(output.count - start)
        throw ZlibError(status: progress.status)
      }
      room = max(1024, room / 2)
    }
  }
}
