import Testing
import Zlib

private let formats: [CompressionFormat] = [.gzip, .deflate]

/// Reads standard input whole, and undoes or does what `CompressionFormat` means by its name.
private let pythonDecompress = """
  import sys, gzip, zlib
  data = sys.stdin.buffer.read()
  sys.stdout.buffer.write({"gzip": gzip, "deflate": zlib}[sys.argv[1]].decompress(data))
  """
private let pythonCompress = """
  import sys, gzip, zlib
  data = sys.stdin.buffer.read()
  sys.stdout.buffer.write({"gzip": gzip, "deflate": zlib}[sys.argv[1]].compress(data))
  """

/// Text that compresses, noise that does not, and the lengths around the chunks in between.
private let samples: [[UInt8]] = {
  var seed: UInt64 = 0x5eed
  let noise = (0..<100_000).map { _ -> UInt8 in
    seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return UInt8(truncatingIfNeeded: seed >> 56)
  }
  let text = Array(repeatElement(Array("linkd links accounts. ".utf8), count: 20_000).joined())
  return [
    [], [0], Array("hello".utf8), Array(noise.prefix(511)), Array(noise.prefix(512)),
    Array(text.prefix(513)), noise, text,
  ]
}()

@Suite struct RoundTrips {
  @Test(arguments: formats, samples.indices)
  func `what was compressed decompresses to itself, and a limit of its length suffices`(
    _ format: CompressionFormat, _ index: Int
  ) throws {
    let sample = samples[index]
    let compressed = try format.compress(sample)
    #expect(try format.decompress(compressed, limit: sample.count) == sample)
  }

  @Test(arguments: formats, samples.indices)
  func `Python reads what we write and we read what Python writes`(
    _ format: CompressionFormat, _ index: Int
  ) throws {
    let sample = samples[index]
    let ours = try format.compress(sample)
    #expect(try Python.run(pythonDecompress, ["\(format)"], input: ours) == sample)
    let theirs = try Python.run(pythonCompress, ["\(format)"], input: sample)
    #expect(try format.decompress(theirs, limit: sample.count) == sample)
  }

  @Test(arguments: formats)
  func `one compressor and one decompressor serve many messages, after errors too`(
    _ format: CompressionFormat
  ) throws {
    var compressor = try Compressor(format, level: .fastest)
    var decompressor = try Decompressor(format)
    for sample in samples {
      var compressed: [UInt8] = [1, 2, 3, 4, 5]
      try compressor.compress(sample.span, appendingTo: &compressed)
      #expect(compressed.prefix(5) == [1, 2, 3, 4, 5])
      var output: [UInt8] = [9]
      let stream = compressed.span.extracting(droppingFirst: 5)
      #expect(throws: ZlibError.truncated) {
        try decompressor.decompress(
          compressed.span.extracting(5..<compressed.count - 1), limit: 1 << 20,
          appendingTo: &output)
      }
      #expect(output == [9], "a failure appends nothing")
      try decompressor.decompress(stream, limit: 1 << 20, appendingTo: &output)
      #expect(output == [9] + sample)
    }
  }

  @Test func `the smallest level is smaller than the fastest`() throws {
    let sample = try #require(samples.last)
    let small = try CompressionFormat.gzip.compress(sample, level: .smallest)
    let fast = try CompressionFormat.gzip.compress(sample, level: .fastest)
    #expect(small.count < fast.count)
  }
}

@Suite struct Refusals {
  @Test(arguments: formats, [0, 1, 5, 1000, 99_999])
  func `one byte over the limit is too large`(_ format: CompressionFormat, _ limit: Int) throws {
    let compressed = try format.compress([UInt8](repeating: 7, count: limit + 1))
    #expect(throws: ZlibError.tooLarge(limit: limit)) {
      try format.decompress(compressed, limit: limit)
    }
  }

  @Test(arguments: formats)
  func `a bomb stops at the limit without being unpacked`(_ format: CompressionFormat) throws {
    let bomb = try Python.run(
      """
      import sys, gzip, zlib
      c = zlib.compressobj(9, zlib.DEFLATED, {"gzip": 31, "deflate": 15}[sys.argv[1]])
      out = b"".join(c.compress(bytes(1 << 24)) for _ in range(16)) + c.flush()
      sys.stdout.buffer.write(out)
      """, ["\(format)"], input: [])
    #expect(bomb.count < 300_000)
    var decompressor = try Decompressor(format)
    var output: [UInt8] = []
    #expect(throws: ZlibError.tooLarge(limit: 65_536)) {
      try decompressor.decompress(bomb.span, limit: 65_536, appendingTo: &output)
    }
    #expect(output.capacity < 1 << 18)
  }

  @Test(arguments: formats)
  func `a stream cut at any byte is truncated`(_ format: CompressionFormat) throws {
    let compressed = try format.compress(Array("cut me anywhere, please. ".utf8))
    for length in compressed.indices {
      #expect(throws: ZlibError.truncated, "cut at \(length)") {
        try format.decompress(Array(compressed.prefix(length)), limit: 1000)
      }
    }
  }

  @Test(arguments: formats)
  func `a changed byte never passes for the original`(_ format: CompressionFormat) throws {
    let original = Array("every byte of this counts, and so does its checksum".utf8)
    let compressed = try format.compress(original)
    for index in compressed.indices {
      var damaged = compressed
      damaged[index] ^= 0xff
      // gzip's time, extra flags and system are free for the taking; nothing else is.
      let isComment = format == .gzip && (4...9).contains(index)
      let result = Result { try format.decompress(damaged, limit: 1000) }
      #expect((try? result.get()) == (isComment ? original : nil), "byte \(index)")
    }
  }

  @Test(arguments: formats)
  func `garbage is corrupt, and the other format too`(_ format: CompressionFormat) throws {
    #expect(throws: ZlibError.corrupt) {
      try format.decompress(Array("not compressed at all".utf8), limit: 1000)
    }
    let other: CompressionFormat = format == .gzip ? .deflate : .gzip
    let foreign = try other.compress([1, 2, 3])
    #expect(throws: ZlibError.corrupt) { try format.decompress(foreign, limit: 1000) }
  }

  @Test(arguments: formats)
  func `bytes after the end are refused, zero padding too`(_ format: CompressionFormat) throws {
    let compressed = try format.compress([1, 2, 3])
    for tail: [UInt8] in [[0], [0, 0], [31, 0], Array("tail".utf8)] {
      #expect(throws: ZlibError.trailingData) {
        try format.decompress(compressed + tail, limit: 1000)
      }
    }
  }

  @Test func `a stream that asks for a dictionary is corrupt`() throws {
    let stream = try Python.run(
      """
      import sys, zlib
      c = zlib.compressobj(zdict=b"hello")
      sys.stdout.buffer.write(c.compress(b"hello hello") + c.flush())
      """, input: [])
    #expect(throws: ZlibError.corrupt) {
      try CompressionFormat.deflate.decompress(stream, limit: 1000)
    }
  }
}

@Suite struct Members {
  private let parts: [[UInt8]] = [Array("one ".utf8), [], Array("two".utf8)]

  @Test func `gzip members one after the other read as one, as Python reads them`() throws {
    let stream = try Array(parts.map { try CompressionFormat.gzip.compress($0) }.joined())
    let whole = Array("one two".utf8)
    #expect(try CompressionFormat.gzip.decompress(stream, limit: whole.count) == whole)
    #expect(try Python.run(pythonDecompress, ["gzip"], input: stream) == whole)
  }

  @Test func `the limit counts all members together`() throws {
    let stream = try Array(parts.map { try CompressionFormat.gzip.compress($0) }.joined())
    #expect(throws: ZlibError.tooLarge(limit: 6)) {
      try CompressionFormat.gzip.decompress(stream, limit: 6)
    }
  }

  @Test func `a second member cut at any byte is truncated`() throws {
    let first = try CompressionFormat.gzip.compress(parts[0])
    let second = try CompressionFormat.gzip.compress(parts[2])
    for length in 1..<second.count {
      #expect(throws: ZlibError.truncated, "cut at \(length)") {
        try CompressionFormat.gzip.decompress(first + second.prefix(length), limit: 1000)
      }
    }
  }

  @Test func `deflate has no members`() throws {
    let stream = try CompressionFormat.deflate.compress(parts[0])
    #expect(throws: ZlibError.trailingData) {
      try CompressionFormat.deflate.decompress(stream + stream, limit: 1000)
    }
  }
}

@Suite struct Checksums {
  @Test func `the check value of the catalogue of CRCs holds`() {
    #expect(CRC32.checksum(Array("123456789".utf8)) == 0xCBF4_3926)
    #expect(CRC32.checksum([]) == 0)
  }

  @Test(arguments: samples.indices)
  func `in pieces or whole it is what Python computes`(_ index: Int) throws {
    let sample = samples[index]
    let expected = try Python.run(
      "import sys, zlib; print(zlib.crc32(sys.stdin.buffer.read()), end='')", input: sample)
    #expect(String(decoding: expected, as: UTF8.self) == "\(CRC32.checksum(sample))")
    var pieces = CRC32()
    for start in stride(from: 0, to: sample.count, by: 7919) {
      pieces.update(sample.span.extracting(start..<min(start + 7919, sample.count)))
      pieces.update([UInt8]().span)
    }
    #expect(pieces.value == CRC32.checksum(sample))
  }
}
