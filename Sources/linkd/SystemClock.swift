internal import Foundation
internal import LinkService
internal import Protobuf

extension WallClock {
  /// The clock of this machine.
  static var system: WallClock {
    WallClock {
      let now = Date().timeIntervalSince1970
      var time = Timestamp()
      time.seconds = Int64(now.rounded(.down))
      time.nanos = Int32((now - now.rounded(.down)) * 1e9)
      return time
    }
  }
}
