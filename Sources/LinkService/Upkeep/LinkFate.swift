internal import LinkAPI
internal import Protobuf

/// What is to become of a link that nobody may be interested in any more.
enum LinkFate: Equatable {
  case keep
  /// Whoever asked the provider has died: its secrets go, a repeat of the completion is told.
  case giveUp
  case delete

  init(of link: LinkRecord, at now: Timestamp) {
    let expiry = link.expireTime ?? Timestamp()
    switch link.state {
    case .pending: self = now < expiry ? .keep : .delete
    case .exchanging:
      self = now < expiry.adding(LinkLimits.longestExchange) ? .keep : .giveUp
    default: self = now < expiry.adding(LinkLimits.linkRetention) ? .keep : .delete
    }
  }
}
