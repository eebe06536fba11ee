/// What a decoder puts up with before it gives up.
public struct DecodingLimits: Sendable, Hashable {
  /// How many messages and groups may stand inside one another, the outermost not counted.
  ///
  /// 100 is what C++, Java and upb use: below it, what they write we read and the reverse. Every
  /// level costs stack, so the number must stay far from what a 512 KiB thread can hold.
  public var maximumDepth: Int

  /// How many bytes may be allocated for each byte of the input, on top of `baseMemory`.
  ///
  /// Where more would be needed, decoding fails with `DecodingError.Reason.tooMuchMemory`: a few
  /// bytes from a stranger must not fill the memory. What honest programs write stays far below 64:
  /// only messages that leave nearly all of their many fields out come near it, in thousands.
  public var memoryPerByte: Int

  /// How many bytes may be allocated for any input, however short.
  public var baseMemory: Int

  /// The limits that fit input from strangers.
  public static let `default` = DecodingLimits()

  /// Limits that differ from the default where named.
  public init(maximumDepth: Int = 100, memoryPerByte: Int = 64, baseMemory: Int = 64 << 10) {
    self.maximumDepth = maximumDepth
    self.memoryPerByte = memoryPerByte
    self.baseMemory = baseMemory
  }
}

/// The largest encoding that other implementations accept: lengths there are signed 32-bit.
@usableFromInline
let maximumEncodedSize = Int(Int32.max)
