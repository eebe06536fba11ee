/// Why a stream or a connection ended, as RST_STREAM and GOAWAY say it (RFC 9113, section 7).
public struct ErrorCode: RawRepresentable, Hashable, Sendable {
  /// The number on the wire.
  ///
  /// Numbers without a name are legal and kept as they are.
  public let rawValue: UInt32

  /// Takes the number as it came.
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Nothing went wrong.
  public static let noError = ErrorCode(rawValue: 0x0)
  /// The peer broke the protocol.
  public static let protocolError = ErrorCode(rawValue: 0x1)
  /// The sender of the code failed inside.
  public static let internalError = ErrorCode(rawValue: 0x2)
  /// The peer sent more than its window allowed.
  public static let flowControlError = ErrorCode(rawValue: 0x3)
  /// SETTINGS were not acknowledged in time.
  public static let settingsTimeout = ErrorCode(rawValue: 0x4)
  /// A frame arrived for a stream whose sender had finished it.
  public static let streamClosed = ErrorCode(rawValue: 0x5)
  /// A frame had an impossible size.
  public static let frameSizeError = ErrorCode(rawValue: 0x6)
  /// The stream was turned away before anything was done: it may be tried again.
  public static let refusedStream = ErrorCode(rawValue: 0x7)
  /// The stream is not wanted any more.
  public static let cancel = ErrorCode(rawValue: 0x8)
  /// Header compression is out of step; the connection is lost.
  public static let compressionError = ErrorCode(rawValue: 0x9)
  /// The connection behind a CONNECT request failed.
  public static let connectError = ErrorCode(rawValue: 0xa)
  /// The peer asks too much.
  public static let enhanceYourCalm = ErrorCode(rawValue: 0xb)
  /// The transport underneath is not secure enough.
  public static let inadequateSecurity = ErrorCode(rawValue: 0xc)
  /// The request needs HTTP/1.1.
  public static let http11Required = ErrorCode(rawValue: 0xd)
}

extension ErrorCode {
  /// A name to count it under: lower case with underscores.
  public var name: String {
    rawValue < Self.names.count ? description.lowercased() : "unknown_error_code"
  }
}

extension ErrorCode: CustomStringConvertible {
  /// The name as the RFC spells it, or the number.
  public var description: String {
    let index = Int(rawValue)
    return index < Self.names.count ? Self.names[index] : "error code \(rawValue)"
  }

  fileprivate static let names = [
    "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT",
    "STREAM_CLOSED", "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR",
    "CONNECT_ERROR", "ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
  ]
}
