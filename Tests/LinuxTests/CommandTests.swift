import Glibc
import Linux
import Testing

struct CommandTests {
  private static func run(
    _ words: String..., within time: Duration = .seconds(60), limit: Int = 1000
  ) throws -> (end: Command.End, output: String) {
    let (end, output) = try #require(Command(words)).run(within: time, limit: limit)
    return (end, String(decoding: output, as: UTF8.self))
  }

  @Test func `what it prints is returned, and how it ended`() throws {
    #expect(try Self.run("/bin/echo", "a b", "$HOME;c") == (.exited(status: 0), "a b $HOME;c\n"))
    #expect(try Self.run("/bin/sh", "-c", "echo x; exit 7") == (.exited(status: 7), "x\n"))
    #expect(try Self.run("/bin/sh", "-c", "kill -9 $$").end == .killed(signal: 9))
    #expect(try Self.run("/bin/true") == (.exited(status: 0), ""))
  }

  @Test func `it gets no input, no signal mask and a group of its own`() throws {
    #expect(try Self.run("/bin/cat") == (.exited(status: 0), ""))
    // That the pipe is broken ends it, although we may ignore such signals.
    ProcessHardening.ignoreBrokenPipes()
    let state = try Self.run("/bin/grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status").output
    for line in state.split(separator: "\n") {
      let mask = try #require(UInt64(line.suffix(16), radix: 16))
      // Not those from 32 on, which libc keeps for itself.
      #expect(mask & 0x7fff_ffff == 0, "\(line)")
    }
  }

  @Test func `what prints as much as is allowed is taken, one byte more is not`() throws {
    let command = "head -c 1000 /dev/zero"
    #expect(try Self.run("/bin/sh", "-c", command).output.utf8.count == 1000)
    #expect(try Self.run("/bin/sh", "-c", command, limit: 999).end == .printedTooMuch)
    #expect(try Self.run("/bin/cat", "/dev/zero").end == .printedTooMuch)
  }

  @Test func `what takes too long is killed, with what it has started`() throws {
    let begin = ContinuousClock.now
    let script = "sleep 1000 & echo $!; wait"
    let (end, output) = try Self.run("/bin/sh", "-c", script, within: .milliseconds(300))
    #expect(end == .ranTooLong && ContinuousClock.now - begin < .seconds(500))
    let child = output.split(separator: "\n").first ?? ""
    while Self.runs(child), ContinuousClock.now - begin < .seconds(60) { sched_yield() }
    #expect(!Self.runs(child))
  }

  /// Whether a process is there, and not dead and merely not yet taken note of by who inherited it.
  ///
  /// One that has been killed still runs for as long as it waits for a processor.
  private static func runs(_ process: Substring) -> Bool {
    let state = try? Directory(path: "/proc/\(process)").open("stat", .read).read(1000, at: 0)
    let text = state.map { String(decoding: $0, as: UTF8.self) } ?? ") Z"
    return !text.contains(") Z") && !text.contains(") X")
  }

  @Test func `whoever else holds its output is not waited for`() throws {
    let (end, output) = try Self.run("/bin/sh", "-c", "sleep 1000 & echo $!")
    #expect(end == .exited(status: 0))
    let child = try #require(Int(output.split(separator: "\n").first ?? ""))
    #expect(try Self.run("/bin/kill", "\(child)").end == .exited(status: 0))
  }

  @Test(arguments: [[], [""], ["true"], ["./true"], ["bin/true"]])
  func `only an absolute path names a program`(_ words: [String]) {
    #expect(Command(words) == nil)
  }

  @Test func `a program that is not there is an error`() throws {
    #expect(throws: SystemError.self) { try Self.run("/nonexistent/program") }
  }
}
