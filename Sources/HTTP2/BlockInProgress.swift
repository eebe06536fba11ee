private import Glibc

/// The header block that is arriving: its fields so far, and whether they are too many.
///
/// nghttp2 announces SETTINGS_MAX_HEADER_LIST_SIZE but never compares a list with it, so this is the
/// only place that does.
///
/// `@safe`: the room is private, and what is written to it is checked against the limit before.
@safe
struct BlockInProgress: ~Copyable {
  /// Why the stream has to be reset once the block is complete; no more fields are kept.
  private(set) var fault: ErrorCode?

  private let limits: Limits
  /// Where fields are kept: taken when a block begins and shared by all blocks of one input, so that
  /// a field costs two copies and a block one allocation of the right size.
  private var room = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)
  private var used = 0
  private var kept = 0
  private var isComplete = true
  /// Size and number of all fields, kept or not.
  private var size = 0
  private var fields = 0

  init(_ limits: Limits) { self.limits = limits }

  deinit { unsafe room.deallocate() }

  /// Whether the block is so big that it was made to hurt.
  var isAttack: Bool { size > limits.headerListSizeBeforeClosing }

  mutating func begin() {
    (fault, used, kept, size, fields) = (nil, 0, 0, 0, 0)
    isComplete = false
    if unsafe room.isEmpty { grow(to: Self.usualSize) }
  }

  /// What a request rarely exceeds, and malloc still serves from its fastest cache.
  private static let usualSize = 1000

  /// Makes room for `size` bytes.
  ///
  /// The limit has been checked, and counts more for a field than it takes here.
  private mutating func grow(to size: Int) {
    let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 8)
    unsafe larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: room[..<used]))
    unsafe room.deallocate()
    unsafe room = larger
  }

  mutating func add(
    name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>, isSensitive: Bool
  ) {
    size += name.count + value.count + HeaderBlock.overhead
    fields += 1
    let payload = size - fields * HeaderBlock.overhead
    if payload > limits.headerListSize || fields > limits.headerFields {
      // Counted to the end, but not kept.
      fault = .enhanceYourCalm
    } else if fault == nil {
      unsafe keep(name, value, isSensitive)
      if unsafe isAuthority(name), unsafe value.contains(UInt8(ascii: "@")) {
        // RFC 9113, section 8.3.1: ":authority MUST NOT include the deprecated userinfo
        // subcomponent". nghttp2 before 1.64 lets it pass.
        fault = .protocolError
      }
    }
  }

  private mutating func keep(
    _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>, _ isSensitive: Bool
  ) {
    let needed = used + HeaderBlock.size(of: name.count, value.count)
    if unsafe needed > room.count { unsafe grow(to: max(needed, 2 * room.count)) }
    guard let start = unsafe room.baseAddress else { return }
    unsafe HeaderBlock.write(name: name, value: value, isSensitive: isSensitive, to: start + used)
    used = needed
    kept += 1
  }

  private func isAuthority(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
    let authority: StaticString = ":authority"
    guard name.count == authority.utf8CodeUnitCount, let start = name.baseAddress else {
      return false
    }
    return unsafe memcmp(start, authority.utf8Start, name.count) == 0
  }

  /// The block, which is complete.
  mutating func take() -> HeaderBlock {
    isComplete = true
    return unsafe HeaderBlock(UnsafeRawBufferPointer(rebasing: room[..<used]), count: kept)
  }

  /// Gives the room back unless a block is only half there: an idle connection needs none.
  mutating func release() {
    guard isComplete || fault != nil else { return }
    unsafe room.deallocate()
    unsafe room = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  }
}
