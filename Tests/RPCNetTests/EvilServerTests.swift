import Foundation
import HTTP2
import Linux
import Net
import RPC
import RPCNet
import TestAPI
import Testing

/// T57: servers that are slow, wrong or wicked, made by hand in `Python/evil_server.py`.
struct EvilServerTests {
  /// What a call ends with; DEADLINE_EXCEEDED where nothing but the caller's patience ends it.
  private static let ends: [(deed: String, code: StatusCode)] = [
    ("fine", .ok), ("status_00", .ok),
    ("silence", .deadlineExceeded), ("headers_without_end", .deadlineExceeded),
    ("endless_1xx", .deadlineExceeded), ("drip", .deadlineExceeded),
    ("endless_continuation", .unavailable), ("closed_in_message", .unavailable),
    ("goaway", .unavailable), ("push_promise", .unavailable), ("bad_hpack", .unavailable),
    ("data_first", .unavailable), ("ping_flood", .unavailable), ("settings_flood", .unavailable),
    ("patient_ping_flood", .unavailable),
    ("html_503", .unavailable),
    ("large_headers", .resourceExhausted), ("many_headers", .resourceExhausted),
    ("huge_prefix", .resourceExhausted), ("gzip_bomb", .resourceExhausted),
    ("no_trailers", .internal), ("no_status", .internal), ("no_http_status", .internal),
    ("upper_case_name", .internal), ("flags", .internal),
    ("compressed_without_encoding", .internal), ("unknown_encoding", .internal),
    ("gzip_garbage", .internal), ("truncated_message", .internal), ("window_overflow", .internal),
    ("status_abc", .unknown), ("status_99", .unknown), ("status_empty", .unknown),
    ("status_minus", .unknown), ("status_long", .unknown), ("html_200", .unknown),
    ("html_404", .unimplemented), ("no_message", .unimplemented), ("two_messages", .unimplemented),
  ]

  @Test(.timeLimit(.minutes(2)))
  func `T57 whatever a server does, a call ends as it should`() async throws {
    let loop = try EventLoop(name: "client")
    defer { loop.shutdown() }
    try await Python.withEvilServer { port in
      await withTaskGroup(of: Void.self) { group in
        for (deed, expected) in Self.ends {
          group.addTask {
            let end = await Self.end(of: deed, expected, port: port, on: loop)
            #expect(end == expected, "\(deed)")
          }
        }
      }
    }
  }

  private static func end(
    of deed: String, _ expected: StatusCode, port: UInt16, on loop: EventLoop
  ) async -> StatusCode {
    // Every connection serves one request.
    var configuration = RPCChannel.Configuration(host: "127.0.0.1", port: port)
    configuration.net.stallPeriod = .milliseconds(500)
    let channel = RPCChannel(configuration, on: loop)
    let method = MethodDescriptor<Empty, Empty>(service: "evil", method: deed, kind: .unary)
    let patience = expected == .deadlineExceeded ? Duration.seconds(1) : .seconds(60)
    let end = await code { () throws(RPCError) in
      _ = try await channel.unary(method, Empty(), CallOptions(timeout: patience))
    }
    await channel.shutDown()
    return end
  }

  @Test(.timeLimit(.minutes(2)))
  func `T57 who does not speak HTTP/2 is no server`() async throws {
    try await Python.withEvilServer(speaksHTTP2: false) { port in
      try await withChannel(.plaintext, port: port) { channel in
        let end = await code { () throws(RPCError) in
          _ = try await GreeterClient(channel).sayHello(
            HelloRequest(), options: CallOptions(timeout: .seconds(60)))
        }
        #expect(end == .unavailable)
      }
    }
  }
}
