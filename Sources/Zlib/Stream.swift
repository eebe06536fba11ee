import CZlib

/// A `z_stream` at a fixed address, which zlib's own state points back to.
///
/// Sendable because zlib binds nothing to a thread and a noncopyable value has one owner.
@safe
struct Stream: ~Copyable, @unchecked Sendable {
  enum Direction {
    case deflate(CompressionLevel)
    case inflate
  }

  private let raw: UnsafeMutablePointer<z_stream>
  private let isDeflating: Bool

  init(_ direction: Direction, _ format: CompressionFormat) throws(ZlibError) {
    unsafe raw = .allocate(capacity: 1)
    unsafe raw.initialize(to: z_stream())
    let status: CInt
    switch direction {
    case .deflate(let level):
      isDeflating = true
      status = unsafe shim_deflateInit2(raw, level.raw, format.windowBits)
    case .inflate:
      isDeflating = false
      status = unsafe shim_inflateInit2(raw, format.windowBits)
    }
    // With the arguments above only memory can be missing. `deinit` runs and frees the rest.
    guard status == Z_OK else { throw .outOfMemory }
  }

  deinit {
    _ = unsafe isDeflating ? deflateEnd(raw) : inflateEnd(raw)
    unsafe raw.deallocate()
  }

  /// Forgets the last stream but keeps the memory.
  mutating func reset() {
    let status = unsafe isDeflating ? deflateReset(raw) : inflateReset(raw)
    precondition(status == Z_OK, "a live stream can be reset")
  }

  /// What one call of `step` did.
  struct Progress {
    /// `Z_OK`, `Z_STREAM_END`, `Z_BUF_ERROR` (no progress was possible) or an error.
    var status: CInt
    var consumed: Int
    var produced: Int
  }

  /// Runs zlib over `input`, all that is left of it, and appends at most `room` bytes.
  mutating func step(
    _ input: Span<UInt8>, room: Int, appendingTo output: inout [UInt8]
  ) -> Progress {
    var progress = Progress(status: Z_OK, consumed: 0, produced: 0)
    output.append(addingCapacity: room) { span in
      unsafe span.withUnsafeMutableBufferPointer { buffer, initialized in
        progress = unsafe run(input, into: buffer, room: room)
        initialized = progress.produced
      }
    }
    return progress
  }

  /// zlib counts in 32 bits: longer input or output is left for the next step.
  private static let longestRun = 1 << 30

  private mutating func run(
    _ input: Span<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>, room: Int
  ) -> Progress {
    unsafe input.withUnsafeBufferPointer { input in
      let offered = min(input.count, Self.longestRun)
      let room = min(room, output.count, Self.longestRun)
      unsafe raw.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
      unsafe raw.pointee.avail_in = uInt(offered)
      unsafe raw.pointee.next_out = output.baseAddress
      unsafe raw.pointee.avail_out = uInt(room)
      let flush = offered == input.count ? Z_FINISH : Z_NO_FLUSH
      let status = unsafe isDeflating ? deflate(raw, flush) : inflate(raw, Z_NO_FLUSH)
      return unsafe Progress(
        status: status, consumed: offered - Int(raw.pointee.avail_in),
        produced: room - Int(raw.pointee.avail_out))
    }
  }
}
