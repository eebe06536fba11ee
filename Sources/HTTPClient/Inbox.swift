import CCurl

/// What libcurl's callbacks leave behind while one exchange runs.
///
/// Touched by the callbacks, which libcurl calls only inside of its own functions, and by the
/// exchange before and after; all on the loop.
final class Inbox {
  /// Why a callback stopped the exchange.
  enum Stop {
    case tooLarge
    case refusedAddress
    /// libcurl was about to send a request again that must not be.
    case repeated
  }

  private(set) var stop: Stop?
  /// The request has begun to leave.
  private(set) var wasSent = false
  private(set) var headers: [HTTPField] = []
  private(set) var body: [UInt8] = []

  private var headerBytes = 0
  private let bodyLimit: Int
  private let isRepeatable: Bool
  private let addresses: AddressPolicy

  init(bodyLimit: Int, isRepeatable: Bool, addresses: AddressPolicy) {
    self.bodyLimit = bodyLimit
    self.isRepeatable = isRepeatable
    self.addresses = addresses
  }

  /// One line of the header section; false ends the exchange.
  func received(headerLine line: Span<UInt8>) -> Bool {
    headerBytes += line.count
    guard headerBytes <= Limits.headerBytes else { return stopped(.tooLarge) }
    let text = line.withBytesAsText()
    if text.hasPrefix("HTTP/") {
      // An answer begins; what an interim one (1xx) said is over.
      headers = []
    } else if let colon = text.firstIndex(of: ":"), colon != text.startIndex {
      let value = text[text.index(after: colon)...]
      headers.append(HTTPField(String(text[..<colon]), value.trimmingBlanks()))
    }
    return true
  }

  /// A piece of the body; false ends the exchange.
  func received(body piece: Span<UInt8>) -> Bool {
    guard piece.count <= bodyLimit - body.count else { return stopped(.tooLarge) }
    body.append(contentsOf: piece)
    return true
  }

  /// The connection stands and the request is about to leave; false keeps it.
  func willSend() -> Bool {
    if wasSent && !isRepeatable { return stopped(.repeated) }
    wasSent = true
    return true
  }

  /// Whether a socket for this address may be opened.
  func mayConnect(to address: Address?) -> Bool {
    if let address, addresses.allows(address) { return true }
    return stopped(.refusedAddress)
  }

  private func stopped(_ reason: Stop) -> Bool {
    stop = reason
    return false
  }
}

extension Span<UInt8> {
  /// The bytes as text, each byte that is not UTF-8 replaced.
  fileprivate func withBytesAsText() -> String {
    unsafe withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
  }
}

extension [UInt8] {
  fileprivate mutating func append(contentsOf piece: Span<UInt8>) {
    unsafe piece.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
  }
}

extension Substring {
  fileprivate func trimmingBlanks() -> String {
    func isBlank(_ byte: UInt8) -> Bool {
      byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A
    }
    let bytes = utf8.drop(while: isBlank)
    let end = bytes.lastIndex { !isBlank($0) }.map { bytes.index(after: $0) } ?? bytes.startIndex
    return String(Substring(bytes[..<end]))
  }
}
