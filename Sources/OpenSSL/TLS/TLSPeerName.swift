import COpenSSL

/// A name out of a certificate's subject alternative names.
public enum TLSPeerName: Hashable, Sendable {
  /// A host.
  case dns(String)
  /// A URI: of a workload, for instance.
  case uri(String)

  /// The host names and URIs of a certificate.
  ///
  /// Names with anything but visible ASCII characters are left out: a NUL or a look-alike in a name
  /// is there to deceive.
  @unsafe
  static func names(of certificate: OpaquePointer) -> [TLSPeerName] {
    guard let names = unsafe shim_X509_get_subject_alt_names(certificate) else { return [] }
    defer { unsafe GENERAL_NAMES_free(names) }
    var result: [TLSPeerName] = []
    for index in 0..<max(0, unsafe shim_GENERAL_NAMES_count(names)) {
      if let name = unsafe text(names, index, GEN_DNS) { result.append(.dns(name)) }
      if let name = unsafe text(names, index, GEN_URI) { result.append(.uri(name)) }
    }
    return result
  }

  @unsafe
  private static func text(_ names: OpaquePointer, _ index: CInt, _ type: CInt) -> String? {
    var length: CInt = 0
    guard let start = unsafe shim_GENERAL_NAMES_text(names, index, type, &length), length > 0
    else { return nil }
    let bytes = unsafe UnsafeBufferPointer(start: start, count: Int(length))
    guard unsafe bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
    return unsafe String(decoding: bytes, as: UTF8.self)
  }
}
