internal import LinkAPI
internal import Protobuf
internal import Store
internal import TextCoding

/// Where a page of a list ended: the last two parts of the key of its last record.
struct PagePosition {
  let profile: String
  let id: String

  init(profile: String, id: String) {
    self.profile = profile
    self.id = id
  }

  init(_ key: Key) {
    let parts = key.bytes.split(separator: UInt8(ascii: "/")).map {
      String(decoding: $0, as: UTF8.self)
    }
    profile = parts.dropLast().last ?? ""
    id = parts.last ?? ""
  }

  /// The position as callers hold it, for a request of this digest.
  func token(_ digest: [UInt8]) throws(Failure) -> String {
    var page = PageToken()
    page.profile = profile
    page.accountID = id
    page.requestDigest = digest
    do { return Hex.encode(try page.serialized()) } catch {
      throw .broken("a page token is too large", cause: error)
    }
  }
}

extension RequestCheck {
  /// Where the page before ended; nil for the first page, which needs no digest.
  mutating func page(
    _ token: String, digest: @autoclosure () throws(Failure) -> [UInt8]
  ) throws(Failure) -> PagePosition? {
    guard !token.isEmpty else { return nil }
    let digest = try digest()
    let page = Hex.decode(token.utf8.prefix(LinkLimits.pageTokenLength))
      .flatMap { try? PageToken(serialized: $0) }
    guard let page, page.requestDigest == digest else {
      require(
        false, "page_token",
        "must be the next_page_token of a call that differed in page_size at most")
      return nil
    }
    return PagePosition(profile: page.profile, id: page.accountID)
  }

  /// How many records a page has.
  mutating func pageSize(_ size: Int32) -> Int {
    require(size >= 0, "page_size", "must not be negative")
    return size == 0 ? LinkLimits.defaultPageSize : min(Int(size), LinkLimits.largestPageSize)
  }
}
