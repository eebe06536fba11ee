/// An address to connect to, in network byte order.
package enum Address: Hashable, Sendable {
  case v4(UInt32)
  case v6(high: UInt64, low: UInt64)
}

/// Which addresses a host name may turn out to be.
///
/// The name is fixed, but what it resolves to is not ours: a name server that is lied to, or that
/// lies, must not be able to send signed requests into the local network.
package enum AddressPolicy: Hashable, Sendable {
  /// This machine and nothing else.
  case loopback
  /// What can be reached over the Internet and nothing else.
  case publicInternet
  /// Whatever it is: the proxy's operator has said so.
  case any

  /// Whether a socket for this address may be opened.
  package func allows(_ address: Address) -> Bool {
    switch self {
    case .any: true
    case .loopback: address.isLoopback
    case .publicInternet: address.isPublic
    }
  }
}

extension Address {
  var isLoopback: Bool {
    switch self {
    case .v4(let bits): bits >> 24 == 127
    case .v6(let high, let low): high == 0 && low == 1
    }
  }

  var isPublic: Bool {
    switch self {
    case .v4(let bits): !Self.special4.contains { bits >> (32 - $0.length) == $0.prefix }
    case .v6(let high, let low):
      if high == Self.nat64 && low >> 32 == 0 {
        Address.v4(UInt32(truncatingIfNeeded: low)).isPublic
      } else {
        // Global unicast, 2000::/3, and of that not what is special.
        high >> 61 == 1 && !Self.special6.contains { high >> (64 - $0.length) == $0.prefix }
      }
    }
  }

  /// 64:ff9b::/96, by which networks without IPv4 reach it (RFC 6052).
  private static let nat64: UInt64 = 0x0064_FF9B_0000_0000

  /// What the IANA IPv4 Special-Purpose Address Registry does not call globally reachable, and
  /// multicast.
  private static let special4: [(prefix: UInt32, length: UInt32)] = [
    (0, 8), (10, 8), (100 << 2 | 1, 10), (127, 8), (169 << 8 | 254, 16), (172 << 4 | 1, 12),
    (192 << 16, 24), (192 << 16 | 2, 24), (192 << 16 | 88 << 8 | 99, 24), (192 << 8 | 168, 16),
    (198 << 7 | 9, 15), (198 << 16 | 51 << 8 | 100, 24), (203 << 16 | 113, 24),
    // 224.0.0.0/4 multicast and 240.0.0.0/4 reserved, broadcast included.
    (7, 3),
  ]

  /// The same of 2000::/3: IETF protocols (Teredo among them), documentation, 6to4.
  private static let special6: [(prefix: UInt64, length: UInt64)] = [
    (0x2001_0000 >> 9, 23), (0x2001_0DB8, 32), (0x2002, 16), (0x3FFF0, 20),
  ]
}
