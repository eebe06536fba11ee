import HTTP2
import ScriptedPeer

extension ConformanceCase {
  /// RFC 9113, section 6.9: windows.
  static let flowControl: [ConformanceCase] = updates + limits + initialWindow

  private static let maximum: UInt32 = 1 << 31 - 1

  private static let updates: [ConformanceCase] = [
    ConformanceCase(
      "6.9/1", "an update by nothing", Frame.windowUpdate(0, 0),
      is: .connectionError([.protocolError])),
    // A stream error by the RFC; nghttp2 ends the connection, as section 5.4.2 allows.
    ConformanceCase(
      "6.9/2", "an update of a stream by nothing", Frame.headers(1, end: false),
      Frame.windowUpdate(1, 0), is: .connectionError([.protocolError])),
    ConformanceCase(
      "6.9/3", "WINDOW_UPDATE that is not four bytes long", Frame.raw(8, 0, 0, [0, 0, 1]),
      is: .connectionError([.frameSizeError])),
  ]

  private static let limits: [ConformanceCase] = [
    ConformanceCase(
      "6.9.1/1", "no more is sent than the window allows", Frame.settings([(4, 1)]),
      Frame.headers(1), is: .data([1])),
    ConformanceCase(
      "6.9.1/2", "the connection's window above the maximum", Frame.windowUpdate(0, maximum),
      Frame.windowUpdate(0, maximum), is: .connectionError([.flowControlError])),
    ConformanceCase(
      "6.9.1/3", "a stream's window above the maximum", Frame.headers(1, end: false),
      Frame.windowUpdate(1, maximum), Frame.windowUpdate(1, maximum),
      is: .streamError(1, [.flowControlError])),
  ]

  private static let initialWindow: [ConformanceCase] = [
    ConformanceCase(
      "6.9.2/1", "a new initial window opens streams that wait",
      flights: [
        Frame.settings([(4, 0)]) + Frame.headers(1), Frame.settings([(4, 1)]),
      ], is: .data([1])),
    ConformanceCase(
      "6.9.2/2", "a window can be negative",
      flights: [
        Frame.settings([(4, 3)]) + Frame.headers(1), Frame.settings([(4, 2)]),
        Frame.windowUpdate(1, 2),
      ], is: .data([3, 1])),
    ConformanceCase(
      "6.9.2/3", "an initial window above the maximum while a stream is open",
      Frame.headers(1, end: false), Frame.settings([(4, .max)]),
      is: .connectionError([.flowControlError])),
    // By the RFC an error of the connection. nghttp2 resets the streams whose windows overflow: the
    // others have nothing to suffer from, so this is kept.
    ConformanceCase(
      "6.9.2/4", "an initial window that lifts a stream's above the maximum",
      Frame.headers(1, end: false), Frame.windowUpdate(1, 1), Frame.settings([(4, maximum)]),
      is: .streamError(1, [.flowControlError])),
  ]
}
