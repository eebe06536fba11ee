import CCurl
import Glibc

/// One exchange as libcurl sees it: an easy handle with everything it points to.
@safe
final class EasyHandle {
  let inbox: Inbox
  /// Identifies the exchange in what the multi handle reports.
  var id: UInt { unsafe UInt(bitPattern: raw) }

  private let raw: UnsafeMutableRawPointer
  private let errorText: UnsafeMutablePointer<CChar>
  private var fields = TextList()
  private var pinned = TextList()

  /// Prepares everything; nothing is sent before the handle is added to a multi handle.
  init(
    _ prepared: PreparedRequest, _ configuration: HTTPClient.Configuration, timeout: Duration
  ) throws(HTTPClientError) {
    guard let raw = unsafe curl_easy_init() else { throw .outOfMemory }
    unsafe self.raw = raw
    unsafe errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
    unsafe errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    inbox = Inbox(
      bodyLimit: configuration.bodyLimit, isRepeatable: prepared.request.isRepeatable,
      addresses: Self.policy(prepared.origin, configuration))
    do throws(CurlError) {
      try setUp(prepared, configuration, timeout)
    } catch {
      throw HTTPClientError(.unavailable, "libcurl refuses an option: \(error.code.rawValue)")
    }
  }

  deinit {
    // The handle first: it points to the rest, also to the lists, which go after this body.
    unsafe curl_easy_cleanup(raw)
    unsafe errorText.deallocate()
  }

  /// Lends the handle to the multi handle.
  func withRaw<Result>(_ body: (UnsafeMutableRawPointer) -> Result) -> Result {
    unsafe body(raw)
  }

  private static func policy(
    _ origin: Origin, _ configuration: HTTPClient.Configuration
  ) -> AddressPolicy {
    if configuration.proxy != nil { return .any }
    return origin.isLoopback ? .loopback : .publicInternet
  }
}

// MARK: - Options

extension EasyHandle {
  private func setUp(
    _ prepared: PreparedRequest, _ configuration: HTTPClient.Configuration, _ timeout: Duration
  ) throws(CurlError) {
    try check(unsafe shim_curl_set_error_buffer(raw, errorText))
    try check(
      unsafe shim_curl_set_callbacks(
        raw, receivedHeader, receivedBody, willSend, openSocket,
        Unmanaged.passUnretained(inbox).toOpaque()))
    try setDestination(prepared, configuration)
    try setSecurity(configuration)
    try setWaits(configuration, timeout)
    try setRequest(prepared)
  }

  private func setDestination(
    _ prepared: PreparedRequest, _ configuration: HTTPClient.Configuration
  ) throws(CurlError) {
    try set(CURLOPT_URL, prepared.url)
    try set(CURLOPT_PROTOCOLS_STR, "http,https")
    try set(CURLOPT_FOLLOWLOCATION, 0)
    // Dot segments are signed as they are written.
    try set(CURLOPT_PATH_AS_IS, 1)
    // An empty text is no proxy; null would ask the environment.
    try set(CURLOPT_PROXY, configuration.proxy ?? "")
    try set(CURLOPT_NOPROXY, "")
    try set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
    // Only a connection that is new cannot turn out dead after the request went out on it, which
    // libcurl would answer by sending it again.
    try set(CURLOPT_FRESH_CONNECT, prepared.request.isRepeatable ? 0 : 1)
    for address in configuration.pinnedAddresses { try pinned.append(address) }
    try check(unsafe pinned.withRaw { unsafe shim_curl_set_list(raw, CURLOPT_RESOLVE, $0) })
  }

  private func setSecurity(_ configuration: HTTPClient.Configuration) throws(CurlError) {
    try set(CURLOPT_SSL_VERIFYPEER, 1)
    try set(CURLOPT_SSL_VERIFYHOST, 2)
    try set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
    if let trustFile = configuration.trustFile {
      try set(CURLOPT_CAINFO, trustFile)
      // Debian compiles in a directory of its own, which would be trusted as well.
      try check(unsafe shim_curl_set_text(raw, CURLOPT_CAPATH, nil))
    }
  }

  private func setWaits(
    _ configuration: HTTPClient.Configuration, _ timeout: Duration
  ) throws(CurlError) {
    // No SIGALRM: there are other threads.
    try set(CURLOPT_NOSIGNAL, 1)
    try set(CURLOPT_TIMEOUT_MS, timeout.wholeMilliseconds)
    try set(CURLOPT_CONNECTTIMEOUT_MS, configuration.connectTimeout.wholeMilliseconds)
    // A name server that does not answer must not hold the loop when the exchange has ended.
    try set(CURLOPT_QUICK_EXIT, 1)
  }

  private func setRequest(_ prepared: PreparedRequest) throws(CurlError) {
    let request = prepared.request
    // What comes back is counted as it is; nobody asked for it compressed.
    try set(CURLOPT_HTTP_CONTENT_DECODING, 0)
    for line in prepared.headerLines { try fields.append(line) }
    try check(unsafe fields.withRaw { unsafe shim_curl_set_list(raw, CURLOPT_HTTPHEADER, $0) })
    if request.method == "HEAD" {
      try set(CURLOPT_NOBODY, 1)
    } else if !request.body.isEmpty || ["POST", "PUT", "PATCH"].contains(request.method) {
      try set(CURLOPT_POST, 1)
      try setBody(request.body)
    }
    try set(CURLOPT_CUSTOMREQUEST, request.method)
  }

  private func setBody(_ body: [UInt8]) throws(CurlError) {
    let code = unsafe body.withUnsafeBytes { bytes in
      unsafe shim_curl_set_body(
        raw, bytes.baseAddress ?? UnsafeRawPointer(raw), curl_off_t(bytes.count))
    }
    try check(code)
  }

  private func set(_ option: CURLoption, _ value: Int) throws(CurlError) {
    try check(unsafe shim_curl_set_long(raw, option, value))
  }

  private func set(_ option: CURLoption, _ value: String) throws(CurlError) {
    try check(unsafe shim_curl_set_text(raw, option, value))
  }

  private func check(_ code: CURLcode) throws(CurlError) {
    if code != CURLE_OK { throw CurlError(code: code) }
  }
}

/// An option that this libcurl does not take.
struct CurlError: Error {
  let code: CURLcode
}

extension Duration {
  /// Milliseconds, rounded up and at least 1: to libcurl 0 means to wait for ever.
  fileprivate var wholeMilliseconds: Int {
    let (seconds, attoseconds) = components
    // A day is long enough for anything, and short enough for every arithmetic.
    guard seconds < 86_400 else { return 86_400_000 }
    guard seconds >= 0, attoseconds >= 0 else { return 1 }
    return max(
      1, Int(seconds) * 1000 + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000))
  }
}

// MARK: - The end

extension EasyHandle {
  /// What the exchange came to, once libcurl has said that it is done.
  func outcome(_ code: CURLcode) -> Result<HTTPResponse, HTTPClientError> {
    guard code == CURLE_OK else { return .failure(failure(code)) }
    var status = 0
    guard unsafe shim_curl_get_long(raw, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK else {
      return .failure(error(.malformed, "no status"))
    }
    return .success(HTTPResponse(status: status, headers: inbox.headers, body: inbox.body))
  }

  /// An error of our own making, with what is known about the request.
  func error(_ kind: HTTPClientError.Kind, _ detail: String) -> HTTPClientError {
    HTTPClientError(kind, mayHaveBeenSent: inbox.wasSent, detail)
  }

  private func failure(_ code: CURLcode) -> HTTPClientError {
    switch inbox.stop {
    case .tooLarge: error(.tooLarge, "the answer is longer than the limit")
    case .refusedAddress where !inbox.wasSent:
      error(.refusedAddress, "the host has an address that its origin must not have")
    case .repeated: error(.malformed, "the connection ended before an answer")
    case .refusedAddress, nil: error(.init(code), description(of: code))
    }
  }

  /// libcurl's own words.
  ///
  /// They may quote the server, hence nothing but printable ASCII.
  private func description(of code: CURLcode) -> String {
    let specific = unsafe String(cString: errorText)
    let text = unsafe specific.isEmpty ? String(cString: curl_easy_strerror(code)) : specific
    let printable = text.utf8.map { $0 >= 0x20 && $0 < 0x7F ? $0 : UInt8(ascii: "?") }
    return String(decoding: printable, as: UTF8.self)
  }
}

extension HTTPClientError {
  static let outOfMemory = HTTPClientError(.unavailable, "out of memory")
}

extension HTTPClientError.Kind {
  /// The one place where libcurl's errors become ours.
  fileprivate init(_ code: CURLcode) {
    switch code {
    case CURLE_OPERATION_TIMEDOUT: self = .timeout
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT,
      CURLE_INTERFACE_FAILED, CURLE_PROXY:
      self = .connect
    case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE,
      CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_USE_SSL_FAILED, CURLE_SSL_ISSUER_ERROR,
      CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_ENGINE_NOTFOUND,
      CURLE_SSL_ENGINE_SETFAILED, CURLE_SSL_CRL_BADFILE, CURLE_SSL_CLIENTCERT:
      self = .tls
    case CURLE_OUT_OF_MEMORY, CURLE_FAILED_INIT, CURLE_BAD_FUNCTION_ARGUMENT,
      CURLE_UNKNOWN_OPTION, CURLE_NOT_BUILT_IN:
      self = .unavailable
    case CURLE_URL_MALFORMAT: self = .invalidRequest
    // CURLE_UNSUPPORTED_PROTOCOL too: the scheme is known, so it is the answer that is no HTTP/1.
    default: self = .malformed
    }
  }
}
