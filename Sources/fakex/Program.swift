import Dispatch
import FakeX
import Foundation
import Glibc

/// What the commands do.
enum Program {
  static func serve(_ configuration: Configuration, port: UInt16) async throws {
    // From here on a signal is an event, also one that comes before the port is open.
    let stop = Signals([SIGTERM, SIGINT])
    let server = Server(configuration)
    let port = try await server.start(port: port)
    say("listening on http://127.0.0.1:\(port)")
    introduce(configuration)
    await stop.first()
    await server.stop()
  }

  static func readConfiguration(_ path: String) throws -> Configuration {
    try Configuration(json: try Data(contentsOf: URL(filePath: path)))
  }

  static func printConfiguration() throws {
    say(String(decoding: try Configuration().json(), as: UTF8.self))
  }

  private static func introduce(_ configuration: Configuration) {
    for app in configuration.apps {
      say("app \(app.name): key \(app.key) secret \(app.secret)")
      if let id = app.clientID {
        say("  client id \(id) client secret \(app.clientSecret ?? "-")")
      }
      for callback in app.callbacks { say("  callback \(callback)") }
    }
    for user in configuration.users { say("user @\(user.screenName): id \(user.id)") }
  }

  /// One line at once, even into a pipe.
  private static func say(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
  }
}

/// Signals as events instead of ends.
struct Signals {
  private let sources: [any DispatchSourceSignal]
  private let events: AsyncStream<Void>

  init(_ signals: [CInt]) {
    let (events, continuation) = AsyncStream.makeStream(of: Void.self)
    self.events = events
    sources = signals.map { number in
      _ = Glibc.signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number)
      source.setEventHandler { continuation.yield() }
      source.resume()
      return source
    }
  }

  /// Waits for one of them.
  func first() async {
    for await _ in events { break }
  }
}
