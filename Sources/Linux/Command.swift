private import CLinux
private import Glibc

/// A program that is run for what it prints.
///
/// No shell sees its words. It gets our environment and standard error, nothing on standard input,
/// and a process group of its own.
public struct Command: Hashable, Sendable {
  /// How a program ended.
  public enum End: Hashable, Sendable {
    /// By itself, with this status.
    case exited(status: Int)
    /// By a signal that was not ours.
    case killed(signal: Int)
    /// It took too long, and it and its group were killed.
    case ranTooLong
    /// It printed too much, and it and its group were killed.
    case printedTooMuch
  }

  /// The absolute path of the program.
  public let program: String
  /// What it is told.
  public let arguments: [String]

  /// A command of these words; nil unless the first is an absolute path, so that nobody's `PATH`
  /// decides what is run.
  public init?(_ words: [String]) {
    guard let program = words.first, program.utf8.first == UInt8(ascii: "/") else { return nil }
    self.program = program
    arguments = Array(words.dropFirst())
  }

  /// Runs it to its end, and returns what it printed, at most `limit` bytes.
  ///
  /// Blocks the thread, at most for `time`. What it printed may be secret: it is in the array that
  /// is returned and nowhere else. Throws if it cannot be started. Wraps `posix_spawn`.
  public func run(
    within time: Duration, limit: Int
  ) throws(SystemError) -> (end: End, output: [UInt8]) {
    let deadline = ContinuousClock.now + time
    var run = try start(limit)
    let end = try run.end(by: deadline)
    return (end, run.output)
  }

  private func start(_ limit: Int) throws(SystemError) -> Run {
    var ends: [CInt] = [-1, -1]
    try retryingOnInterrupt("pipe2") { unsafe linux_pipe(&ends) }
    let input = FileDescriptor(owning: ends[0])
    let output = FileDescriptor(owning: ends[1])
    var process: pid_t = 0
    let words = unsafe ([program] + arguments).map { unsafe strdup($0) } + [nil]
    defer { unsafe words.forEach { unsafe free($0) } }
    let result = unsafe linux_spawn(&process, output.raw, words, environ)
    guard result == 0 else { throw SystemError(errno: result, call: "posix_spawn") }
    return try Run(process, input, limit)
  }
}

/// A command that runs, and is killed with its group if it is not waited for.
private struct Run: ~Copyable {
  private let process: pid_t
  private let exit: FileDescriptor
  private let input: FileDescriptor
  private let limit: Int
  private(set) var output: [UInt8] = []
  private var isReaped = false

  init(_ process: pid_t, _ input: consuming FileDescriptor, _ limit: Int) throws(SystemError) {
    let exit: FileDescriptor
    do throws(SystemError) {
      let raw = try retryingOnInterrupt("pidfd_open") { pidfd_open(process, 0) }
      exit = FileDescriptor(owning: raw)
    } catch {
      Self.kill(process)
      throw error
    }
    self.process = process
    self.exit = exit
    self.input = input
    self.limit = limit
    output.reserveCapacity(limit + 1)
  }

  deinit { if !isReaped { Self.kill(process) } }

  private static func kill(_ process: pid_t) {
    _ = Glibc.kill(-process, SIGKILL)
    var status: CInt = 0
    while unsafe waitpid(process, &status, 0) == -1 && errno == EINTR {}
  }

  /// Reads what it prints until it has ended.
  mutating func end(by deadline: ContinuousClock.Instant) throws(SystemError) -> Command.End {
    var isOpen = true
    while true {
      let hasExited = try waitForNews(isOpen, deadline)
      while isOpen, let count = try readSome() {
        isOpen = count > 0
        if output.count > limit { return .printedTooMuch }
      }
      // Whoever else holds the pipe is not waited for.
      if hasExited { return try reap() }
      if ContinuousClock.now >= deadline { return .ranTooLong }
    }
  }

  /// Waits until there is something to read or it has exited, which is the answer.
  private func waitForNews(
    _ isOpen: Bool, _ deadline: ContinuousClock.Instant
  ) throws(SystemError) -> Bool {
    var watched = [
      pollfd(fd: exit.raw, events: Int16(POLLIN), revents: 0),
      pollfd(fd: isOpen ? input.raw : -1, events: Int16(POLLIN), revents: 0),
    ]
    let left = deadline - .now
    let milliseconds = CInt(clamping: Int(max(left, .zero) / .milliseconds(1)) + 1)
    try retryingOnInterrupt("poll") { unsafe poll(&watched, 2, milliseconds) }
    return watched[0].revents != 0
  }

  /// How many bytes were read; zero at the end, nil if there are none for now.
  private mutating func readSome() throws(SystemError) -> Int? {
    let start = output.count
    output += [UInt8](repeating: 0, count: limit + 1 - start)
    var count: Int?
    do throws(SystemError) {
      count = try unlessBlocking("read") {
        unsafe output.withUnsafeMutableBytes { buffer in
          let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[start...])
          return unsafe read(input.raw, rest.baseAddress, rest.count)
        }
      }
    } catch {
      output.removeSubrange(start...)
      throw error
    }
    output.removeSubrange((start + (count ?? 0))...)
    return count
  }

  private mutating func reap() throws(SystemError) -> Command.End {
    var status: CInt = 0
    try retryingOnInterrupt("waitpid") { unsafe waitpid(process, &status, 0) }
    isReaped = true
    let signal = Int(status & 0x7f)
    return signal == 0 ? .exited(status: Int(status >> 8 & 0xff)) : .killed(signal: signal)
  }
}
