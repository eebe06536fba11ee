import Foundation
import Net
import ScriptedPeer
import Testing

/// Check T32 (CVE-2023-4785), in a process of its own, for its limit is the process's.
struct ExhaustionTests {
  @Test func `T32: a server without descriptors waits, and serves when there are some again`()
    async
  {
    await #expect(processExitsWith: .success) {
      try await WireServer.with { server in
        let before = try ExhaustionTests.descriptors()
        // Whoever started this process may have left it some.
        try ExhaustionTests.limitDescriptors(to: UInt(before) + 60)
        for _ in 0..<3 {
          try ExhaustionTests.exhaust(server)
          let wire = try Wire(port: server.port)
          #expect(ExhaustionTests.isServed(wire))
        }
        try ExhaustionTests.limitDescriptors(to: 1024)
        // The server closes what it accepted when it notices that the peer has.
        while try ExhaustionTests.descriptors() > before { sched_yield() }
      }
    }
  }

  /// Opens connections until there is no descriptor left to accept them with, and lets go of them.
  private static func exhaust(_ server: WireServer) throws {
    let first = try Wire(port: server.port)
    #expect(isServed(first))
    var wires: [Wire] = []
    while wires.count < 50, let wire = try? Wire(port: server.port) { wires.append(wire) }
    // Half of them wait in the kernel, for want of a descriptor at the other end.
    #expect(wires.count > 25)
    let (start, cpu) = (ContinuousClock.now, clock())
    _ = poll(nil, 0, 500)
    let used = Double(clock() - cpu) / Double(CLOCKS_PER_SEC)
    #expect(used < 0.2 * ((ContinuousClock.now - start) / .seconds(1)))
    // Whoever was accepted is served as before.
    first.synchronize(Array("alive???".utf8))
    #expect(!first.hasEnded)
  }

  private static func isServed(_ wire: Wire) -> Bool {
    wire.write(Frame.preface + Frame.headers(1))
    return wire.read { $0.type == 0 && $0.payload == AnsweringServer.body }
  }

  private static func descriptors() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
  }

  private static func limitDescriptors(to count: UInt) throws {
    var limit = rlimit()
    try #require(unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
    limit.rlim_cur = count
    try #require(unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
  }
}
