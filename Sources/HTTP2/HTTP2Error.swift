internal import CNghttp2

/// Why a connection cannot go on.
public enum HTTP2Error: Error, Hashable, Sendable {
  /// The peer does not speak HTTP/2: its first bytes were others.
  case badPreface
  /// A header list grew past `Limits.headerListSizeBeforeClosing`.
  case headerListTooLarge
  /// More than `Limits.continuations` after one HEADERS.
  case tooManyContinuations
  /// The peer makes us answer and does not read the answers.
  case flooded
  /// More of something than the limits allow.
  case excess(Excess)
  /// The peer broke a rule that the library does not check.
  case mistake(ErrorCode)
  /// The library gave up for another reason; the number is its own.
  case library(CInt)
}

extension HTTP2Error {
  /// The one place where the library's numbers become ours.
  init(library code: CInt) {
    self =
      switch code {
      case CInt(NGHTTP2_ERR_BAD_CLIENT_MAGIC.rawValue): .badPreface
      case CInt(NGHTTP2_ERR_FLOODED.rawValue): .flooded
      case CInt(NGHTTP2_ERR_TOO_MANY_CONTINUATIONS.rawValue): .tooManyContinuations
      default: .library(code)
      }
  }

  /// A name to count it under: lower case with underscores.
  public var name: String {
    switch self {
    case .badPreface: "bad_preface"
    case .headerListTooLarge: "header_list_too_large"
    case .tooManyContinuations: "too_many_continuations"
    case .flooded: "answers_not_read"
    case .excess(let excess): excess.rawValue
    case .mistake(let code): code.name
    case .library: "internal_error"
    }
  }

  /// What the peer is told.
  public var code: ErrorCode {
    switch self {
    case .badPreface: .protocolError
    case .headerListTooLarge, .tooManyContinuations, .flooded, .excess: .enhanceYourCalm
    case .mistake(let code): code
    case .library: .internalError
    }
  }
}
