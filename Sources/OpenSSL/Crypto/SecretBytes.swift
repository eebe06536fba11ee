import COpenSSL
private import Glibc

/// Bytes that must not be seen: a key, a token, a password.
///
/// They live outside Swift's arrays, in memory that is never copied behind our back and is
/// overwritten when the last reference goes. Printing, interpolating, reflecting or dumping one
/// shows `***` and not even its length. What a caller copies out is the caller's to guard.
@safe
public final class SecretBytes: @unchecked Sendable {
  // Unchecked is sound: the memory is written by init alone, before the reference is shared, and
  // released by deinit, after the last one is gone.
  private let storage: UnsafeMutableBufferPointer<UInt8>

  /// How many bytes there are.
  ///
  /// Treat it as secret where it says something about the content.
  public var count: Int { unsafe storage.count }

  /// Makes room for `count` bytes, zeros, and lets `fill` write them.
  ///
  /// If `fill` throws, what it wrote is overwritten.
  public init<Failure: Error>(
    count: Int, filledBy fill: (inout MutableSpan<UInt8>) throws(Failure) -> Void
  ) throws(Failure) {
    unsafe storage = .allocate(capacity: count)
    unsafe storage.initialize(repeating: 0)
    var span = unsafe storage.mutableSpan
    try fill(&span)
  }

  /// Copies `bytes`, which the caller must guard or overwrite.
  public init(copying bytes: Span<UInt8>) {
    unsafe storage = .allocate(capacity: bytes.count)
    unsafe bytes.withUnsafeBufferPointer { bytes in
      _ = unsafe storage.initialize(fromContentsOf: bytes)
    }
  }

  /// Takes the bytes of `array` and overwrites them there.
  ///
  /// Copies of the array made earlier are out of reach: hand over the only one.
  public convenience init(cleansing array: inout [UInt8]) {
    self.init(copying: array.span)
    cleanse(&array)
    array = []
  }

  /// The UTF-8 of `text`, which itself stays in memory until Swift reuses it.
  public convenience init(utf8 text: String) {
    var bytes = Array(text.utf8)
    self.init(cleansing: &bytes)
  }

  deinit {
    unsafe OPENSSL_cleanse(storage.baseAddress, storage.count)
    unsafe storage.deallocate()
  }

  /// Keeps the bytes from being written to swap space; false if this process may not lock as much
  /// memory (RLIMIT_MEMLOCK).
  ///
  /// For the few keys that open all others: a whole page is locked, and stays so. Wraps mlock(2).
  public func lockInMemory() -> Bool {
    unsafe storage.isEmpty || mlock(storage.baseAddress, storage.count) == 0
  }

  /// Lends the bytes to `body`, for as long as it runs.
  public func withBytes<Result: ~Copyable, Failure: Error>(
    _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(unsafe storage.span)
  }
}

/// Overwrites `bytes` in a way the optimiser must not remove.
///
/// An array that is shared is copied first, and then nothing was gained: cleanse the only one.
/// Wraps `OPENSSL_cleanse`.
public func cleanse(_ bytes: inout [UInt8]) {
  unsafe bytes.withUnsafeMutableBytes { unsafe OPENSSL_cleanse($0.baseAddress, $0.count) }
}

extension SecretBytes: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// Always `***`.
  public var description: String { "***" }

  /// Always `***`.
  public var debugDescription: String { "***" }

  /// A leaf without children, so that `dump` and debuggers find nothing to show.
  public var customMirror: Mirror { Mirror(self, children: [], displayStyle: nil) }
}
