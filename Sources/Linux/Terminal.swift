private import CLinux
private import Glibc

/// The person at the terminal that controls this process, wherever its standard streams lead.
public enum Terminal {
  /// What came of a question.
  public enum Answer: Sendable, Hashable {
    /// What was typed, without the end of the line.
    case text([UInt8])
    /// The person pressed Ctrl-C, or Ctrl-D before anything else.
    case cancelled
    /// The process has no terminal.
    case noTerminal
  }

  /// Asks `prompt` and reads one line without showing it.
  ///
  /// The terminal's own signals are off meanwhile, so that Ctrl-C cannot leave it mute: it is an
  /// answer, and the caller decides. Blocks the calling thread.
  public static func readSecret(prompt: String) throws(SystemError) -> Answer {
    guard let terminal = try open() else { return .noTerminal }
    let saved = try attributes(of: terminal)
    // Before the prompt: whoever sees it may already type.
    try set(saved.withoutEcho(), on: terminal)
    let answer: Answer
    do throws(SystemError) {
      try write(prompt, to: terminal)
      answer = try readLine(from: terminal)
    } catch {
      try set(saved, on: terminal)
      throw error
    }
    try set(saved, on: terminal)
    try write("\n", to: terminal)
    return answer
  }

  /// Nobody types more than this; a key has at most 256 bytes.
  private static let longestLine = 4096

  private static func open() throws(SystemError) -> FileDescriptor? {
    do throws(SystemError) {
      return FileDescriptor(
        owning: try retryingOnInterrupt("open") {
          unsafe Glibc.open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
        })
    } catch {
      // No controlling terminal, or a system without a /dev.
      if [ENXIO, ENOENT, EACCES].contains(error.errno) { return nil }
      throw error
    }
  }

  private static func readLine(from terminal: borrowing FileDescriptor) throws(SystemError)
    -> Answer
  {
    var line = SecretLine()
    while true {
      guard let byte = try readByte(from: terminal) else { return line.ended() }
      if let answer = line.typed(byte, longest: longestLine) { return answer }
    }
  }

  private static func readByte(from terminal: borrowing FileDescriptor) throws(SystemError)
    -> UInt8?
  {
    let raw = terminal.raw
    var byte: UInt8 = 0
    let count = try retryingOnInterrupt("read") { unsafe Glibc.read(raw, &byte, 1) }
    return count == 0 ? nil : byte
  }

  private static func write(_ text: String, to terminal: borrowing FileDescriptor)
    throws(SystemError)
  {
    let raw = terminal.raw
    let bytes = Array(text.utf8)
    // A terminal takes a prompt in one piece.
    try retryingOnInterrupt("write") { unsafe Glibc.write(raw, bytes, bytes.count) }
  }

  private static func attributes(of terminal: borrowing FileDescriptor) throws(SystemError)
    -> termios
  {
    let raw = terminal.raw
    var attributes = termios()
    try retryingOnInterrupt("tcgetattr") { unsafe tcgetattr(raw, &attributes) }
    return attributes
  }

  private static func set(_ attributes: termios, on terminal: borrowing FileDescriptor)
    throws(SystemError)
  {
    let raw = terminal.raw
    var attributes = attributes
    // Drops what was typed ahead: it may have been meant for somebody else.
    try retryingOnInterrupt("tcsetattr") { unsafe tcsetattr(raw, TCSAFLUSH, &attributes) }
  }
}

extension termios {
  /// Byte by byte, unseen, and without signals.
  fileprivate func withoutEcho() -> termios {
    var quiet = self
    quiet.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG)
    // A read waits for one byte and for no time.
    unsafe withUnsafeMutableBytes(of: &quiet.c_cc) { characters in
      unsafe characters[Int(VMIN)] = 1
      unsafe characters[Int(VTIME)] = 0
    }
    return quiet
  }
}

/// A line as it is typed, with the editing keys that a terminal would have handled.
package struct SecretLine {
  private var bytes: [UInt8] = []

  package init() {}

  /// Takes one key and returns the answer once the line is done.
  package mutating func typed(_ byte: UInt8, longest: Int) -> Terminal.Answer? {
    switch byte {
    case UInt8(ascii: "\n"), UInt8(ascii: "\r"): return .text(bytes)
    case 0x03: return .cancelled  // Ctrl-C
    case 0x04: return ended()  // Ctrl-D
    case 0x08, 0x7F: eraseCharacter()  // backspace
    case 0x15: bytes.removeAll()  // Ctrl-U
    default: if bytes.count < longest { bytes.append(byte) }
    }
    return nil
  }

  /// The answer where the input ends instead of the line.
  package func ended() -> Terminal.Answer { bytes.isEmpty ? .cancelled : .text(bytes) }

  /// Removes the last character, which may be several bytes of UTF-8.
  private mutating func eraseCharacter() {
    while let last = bytes.popLast(), last & 0xC0 == 0x80 {}
  }
}
