internal import CNghttp2
private import Glibc
internal import Synchronization

/// Memory for the sessions of one thread: what one of them gives back, the next one takes.
///
/// nghttp2 asks for some ten small blocks for each stream. The C library keeps seven of each size at
/// hand; what a hundred streams give back at once it sorts and merges, and cuts up anew for the next
/// hundred, which took a tenth of the time of a call.
///
/// Blocks are taken and given back only on the thread that has claimed the pool. A session that ends
/// on another one is deleted later, by the owner.
///
/// `@unchecked Sendable`: `shelves` is touched only on the thread in `owner`.
@safe
public final class BlockPool: @unchecked Sendable {
  private let shelves: UnsafeMutablePointer<Shelves>
  /// As `pthread_self` names it; 0 while nobody owns the pool.
  private let owner = Atomic<UInt>(0)
  private let abandoned = Mutex<[AbandonedSession]>([])

  /// An empty pool that belongs to nobody.
  public init() {
    unsafe shelves = .allocate(capacity: 1)
    unsafe shelves.initialize(to: Shelves())
  }

  deinit {
    // Nobody has a reference, so this thread is alone with the pool.
    reap()
    unsafe shelves.pointee.clear()
    unsafe shelves.deallocate()
  }

  /// Makes the pool the calling thread's; whoever had it must be done with all sessions made of it.
  public func claim() { owner.store(Self.currentThread, ordering: .relaxed) }

  /// Leaves the pool to nobody.
  public func disclaim() { owner.store(0, ordering: .relaxed) }

  private static var currentThread: UInt { UInt(pthread_self()) }

  private var isMine: Bool { owner.load(ordering: .relaxed) == Self.currentThread }

  /// The pool as the library wants it, to be used for the length of the call that makes a session.
  ///
  /// Nil on a thread that does not own it.
  func withLibraryMemory<Result>(_ body: (UnsafeMutablePointer<nghttp2_mem>?) -> Result) -> Result {
    guard isMine else { return body(nil) }
    reap()
    var memory = unsafe nghttp2_mem(
      mem_user_data: shelves, malloc: takeBlock, free: giveBlockBack, calloc: takeZeroedBlock,
      realloc: resizeBlock)
    return unsafe body(&memory)
  }

  /// Deletes a session that was made with this pool, now or once its owner looks.
  func delete(_ session: OpaquePointer) {
    if isMine { return unsafe nghttp2_session_del(session) }
    abandoned.withLock { unsafe $0.append(AbandonedSession(session)) }
  }

  private func reap() {
    let sessions = abandoned.withLock { abandoned in
      defer { abandoned = [] }
      return abandoned
    }
    for session in sessions { unsafe nghttp2_session_del(session.raw) }
  }
}

/// A session that nobody uses any more.
///
/// `@unchecked Sendable`: whoever has it is the only one.
@safe
private struct AbandonedSession: @unchecked Sendable {
  let raw: OpaquePointer
  init(_ raw: OpaquePointer) { unsafe self.raw = raw }
}

/// Blocks by their size, in steps of 32 bytes, linked through their own first words.
///
/// In front of each block stands how much it holds.
@safe
private struct Shelves {
  static let step = 32
  /// Nearly all blocks are smaller: the structure of a stream is the largest of those that each
  /// call needs.
  static let largest = 1024
  /// Sixteen bytes, so that what follows is aligned for anything.
  static let headerSize = 16
  /// Enough for a thousand streams at once; beyond it, blocks go back to the C library.
  static let mostBytes = 1 << 20

  private var heads: InlineArray<33, UnsafeMutableRawPointer?> = unsafe .init(repeating: nil)
  private var bytes = 0

  mutating func take(_ size: Int) -> UnsafeMutableRawPointer? {
    guard size <= Self.largest else { return unsafe Self.make(size) }
    let shelf = (size + Self.step - 1) / Self.step
    guard let block = unsafe heads[shelf] else { return unsafe Self.make(shelf * Self.step) }
    unsafe heads[shelf] = block.load(as: UnsafeMutableRawPointer?.self)
    bytes -= shelf * Self.step
    return unsafe block
  }

  mutating func giveBack(_ block: UnsafeMutableRawPointer) {
    let size = unsafe Self.size(of: block)
    guard size <= Self.largest, size > 0, bytes + size <= Self.mostBytes else {
      return unsafe free(block - Self.headerSize)
    }
    let shelf = size / Self.step
    unsafe block.storeBytes(of: heads[shelf], as: UnsafeMutableRawPointer?.self)
    unsafe heads[shelf] = block
    bytes += size
  }

  mutating func clear() {
    for shelf in unsafe heads.indices {
      while let block = unsafe heads[shelf] {
        unsafe heads[shelf] = block.load(as: UnsafeMutableRawPointer?.self)
        unsafe free(block - Self.headerSize)
      }
    }
  }

  private static func make(_ size: Int) -> UnsafeMutableRawPointer? {
    let (whole, overflow) = size.addingReportingOverflow(headerSize)
    guard !overflow, let start = unsafe malloc(whole) else { return nil }
    unsafe start.storeBytes(of: size, as: Int.self)
    return unsafe start + headerSize
  }

  static func size(of block: UnsafeMutableRawPointer) -> Int {
    unsafe (block - headerSize).load(as: Int.self)
  }
}

// MARK: - What the library calls

private func shelves(_ data: UnsafeMutableRawPointer?) -> UnsafeMutablePointer<Shelves> {
  guard let data = unsafe data else { preconditionFailure("a session without its pool") }
  return unsafe data.assumingMemoryBound(to: Shelves.self)
}

private func takeBlock(
  _ size: Int, _ data: UnsafeMutableRawPointer?
) -> UnsafeMutableRawPointer? {
  unsafe shelves(data).pointee.take(size)
}

private func takeZeroedBlock(
  _ count: Int, _ size: Int, _ data: UnsafeMutableRawPointer?
) -> UnsafeMutableRawPointer? {
  let (whole, overflow) = count.multipliedReportingOverflow(by: size)
  guard !overflow, let block = unsafe shelves(data).pointee.take(whole) else { return nil }
  unsafe memset(block, 0, whole)
  return unsafe block
}

private func giveBlockBack(_ block: UnsafeMutableRawPointer?, _ data: UnsafeMutableRawPointer?) {
  if let block = unsafe block { unsafe shelves(data).pointee.giveBack(block) }
}

private func resizeBlock(
  _ block: UnsafeMutableRawPointer?, _ size: Int, _ data: UnsafeMutableRawPointer?
) -> UnsafeMutableRawPointer? {
  guard let block = unsafe block else { return unsafe takeBlock(size, data) }
  let oldSize = unsafe Shelves.size(of: block)
  if size <= oldSize { return unsafe block }
  guard let larger = unsafe takeBlock(size, data) else { return nil }
  unsafe larger.copyMemory(from: block, byteCount: oldSize)
  unsafe giveBlockBack(block, data)
  return unsafe larger
}
