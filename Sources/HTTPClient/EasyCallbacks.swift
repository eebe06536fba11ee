import CCurl
import Glibc

// libcurl calls these inside of its own functions, with the inbox as context. They capture nothing
// and call nothing of libcurl.

/// One line of the header section; taking fewer bytes than given ends the exchange.
func receivedHeader(
  _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int,
  _ context: UnsafeMutableRawPointer?
) -> Int {
  unsafe deliver(bytes, size, count, context) { inbox, span in inbox.received(headerLine: span) }
}

/// A piece of the body.
func receivedBody(
  _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int,
  _ context: UnsafeMutableRawPointer?
) -> Int {
  unsafe deliver(bytes, size, count, context) { inbox, span in inbox.received(body: span) }
}

private func deliver(
  _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int,
  _ context: UnsafeMutableRawPointer?, _ body: (Inbox, Span<UInt8>) -> Bool
) -> Int {
  guard let inbox = unsafe inbox(context) else { return 0 }
  // libcurl's pieces are at most 16 KiB, its header lines at most 100 KiB.
  let length = size &* count
  let buffer = unsafe UnsafeRawBufferPointer(start: bytes, count: length)
  let accepted = unsafe buffer.withMemoryRebound(to: UInt8.self) { buffer in
    unsafe body(inbox, buffer.span)
  }
  // 0 is a refusal only if something was offered.
  return accepted ? length : length == 0 ? 1 : 0
}

/// The connection stands; the request leaves next.
func willSend(
  _ context: UnsafeMutableRawPointer?, _: UnsafeMutablePointer<CChar>?,
  _: UnsafeMutablePointer<CChar>?, _: CInt, _: CInt
) -> CInt {
  guard let inbox = unsafe inbox(context), inbox.willSend() else { return CURL_PREREQFUNC_ABORT }
  return CURL_PREREQFUNC_OK
}

/// The socket for an address, if it may be connected to.
func openSocket(
  _ context: UnsafeMutableRawPointer?, _: curlsocktype,
  _ address: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
  guard let inbox = unsafe inbox(context), let address = unsafe address,
    inbox.mayConnect(to: unsafe Address(address))
  else { return CURL_SOCKET_BAD }
  let type = unsafe address.pointee.socktype | CInt(SOCK_CLOEXEC.rawValue)
  return unsafe socket(address.pointee.family, type, address.pointee.protocol)
}

private func inbox(_ context: UnsafeMutableRawPointer?) -> Inbox? {
  unsafe context.map { unsafe Unmanaged<Inbox>.fromOpaque($0).takeUnretainedValue() }
}

extension Address {
  /// Reads a socket address; nil if it is neither IPv4 nor IPv6.
  fileprivate init?(_ address: UnsafeMutablePointer<curl_sockaddr>) {
    // The address is the last member and longer than its declared type; `addrlen` says how long.
    let raw =
      unsafe UnsafeRawPointer(address)
      + (MemoryLayout<curl_sockaddr>.offset(of: \.addr) ?? 0)
    let length = unsafe Int(address.pointee.addrlen)
    switch unsafe address.pointee.family {
    case AF_INET where length >= MemoryLayout<sockaddr_in>.size:
      let address = unsafe raw.loadUnaligned(as: sockaddr_in.self)
      self = .v4(UInt32(bigEndian: address.sin_addr.s_addr))
    case AF_INET6 where length >= MemoryLayout<sockaddr_in6>.size:
      let start = unsafe raw + (MemoryLayout<sockaddr_in6>.offset(of: \.sin6_addr) ?? 0)
      self = unsafe .v6(
        high: UInt64(bigEndian: start.loadUnaligned(as: UInt64.self)),
        low: UInt64(bigEndian: start.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    default: return nil
    }
  }
}
