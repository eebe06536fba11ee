/// What a decoder puts up with before it gives up.
public struct DecodingLimits: Sendable, Hashable {
  /// How many messages and groups may stand inside one another, the outermost not counted.
  ///
  /// 100 is what C++, Java and upb use: below it, what they write we read and the reverse. Every
  /// level costs stack, so the number must stay far from what a 512 KiB thread can hold.
  public var maximumDepth: Int

  /// The limits that fit input from strangers.
  public static let `default` = DecodingLimits()

  /// Limits that differ from the default where named.
  public init(maximumDepth: Int = 100) {
    self.maximumDepth = maximumDepth
  }
}

/// The largest encoding that other implementations accept: lengths there are signed 32-bit.
@usableFromInline
let maximumEncodedSize = Int(Int32.max)
