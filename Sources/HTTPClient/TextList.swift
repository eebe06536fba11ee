import CCurl

/// A list of texts as libcurl takes it: a `curl_slist`.
@safe
struct TextList: ~Copyable {
  private var raw: UnsafeMutablePointer<curl_slist>?

  init() { unsafe raw = nil }

  deinit { unsafe curl_slist_free_all(raw) }

  /// Copies the text to the end of the list.
  mutating func append(_ text: String) throws(CurlError) {
    guard let longer = unsafe curl_slist_append(raw, text) else {
      throw CurlError(code: CURLE_OUT_OF_MEMORY)
    }
    unsafe raw = longer
  }

  /// Lends the list, nil while it is empty; whoever keeps it must go before this value does.
  func withRaw<Result>(_ body: (UnsafeMutablePointer<curl_slist>?) -> Result) -> Result {
    unsafe body(raw)
  }
}
