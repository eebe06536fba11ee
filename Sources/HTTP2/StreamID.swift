/// The number of a stream: odd if the client opened it, 0 for the connection itself.
public struct StreamID: RawRepresentable, Hashable, Comparable, Sendable {
  /// 31 bits on the wire, never negative.
  public let rawValue: Int32

  /// Takes the number as nghttp2 gives it.
  public init(rawValue: Int32) { self.rawValue = rawValue }

  /// What a GOAWAY names that announces a shutdown without refusing anything yet.
  public static let last = StreamID(rawValue: .max)

  /// Streams are numbered in the order they are opened.
  public static func < (left: StreamID, right: StreamID) -> Bool { left.rawValue < right.rawValue }
}

extension StreamID: CustomStringConvertible {
  /// The number alone.
  public var description: String { String(rawValue) }
}
