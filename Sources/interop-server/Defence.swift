import ArgumentParser
import HTTP2
import Net
import RPC
import RPCNet

/// A limit that can be switched off, so that a test can show what it is good for.
enum Defence: String, CaseIterable, ExpressibleByArgument {
  case resets, mistakes, refusedStreams, windowUpdates, continuations, headerList, pings, settings
  case handlers, slowHeaders, slowStart, slowReaders, slowSenders, keepalive, connections, turns,
    overload

  /// As long as no test runs.
  private static let never = Duration.seconds(3600)

  func switchOff(in server: inout RPCServer.Configuration) {
    switch self {
    case .resets: server.http2.resets = .unlimited
    case .mistakes: server.http2.mistakes = .unlimited
    case .refusedStreams: server.http2.refusedStreams = .unlimited
    case .windowUpdates: server.http2.boundsWindowUpdates = false
    case .continuations: server.http2.continuations = .max
    case .headerList: server.http2.headerListSizeBeforeClosing = .max
    case .pings: (server.http2.pings, server.http2.idlePings) = (.unlimited, .unlimited)
    case .settings: server.http2.settings = .unlimited
    case .handlers: server.admission.callsPerConnection = .max
    case .slowHeaders: server.net.timeToFinishHeaders = Self.never
    case .slowStart: server.net.timeToEstablish = Self.never
    case .slowReaders: server.net.stallPeriod = Self.never
    case .slowSenders: server.calls.timeToFinishRequest = nil
    case .keepalive: server.net.keepaliveInterval = nil
    case .connections: (server.net.connections, server.net.connectionsPerAddress) = (.max, nil)
    case .turns: server.net.requestsPerTurn = .max
    case .overload: server.admission.busyTurn = Self.never
    }
  }
}

extension RPCServer.Configuration {
  /// Waits for a twentieth of the usual time, so that a test need not wait for long.
  mutating func hurry() {
    net.timeToEstablish = .milliseconds(500)
    net.timeToFinishHeaders = .milliseconds(500)
    net.stallPeriod = .milliseconds(500)
    net.bytesPerStallPeriod = 512
    calls.timeToFinishRequest = .seconds(3)
    net.streamCheckPeriod = .milliseconds(100)
    // Later than whoever does not read is noticed, as it usually is.
    net.keepaliveInterval = .seconds(2)
    net.timeToAnswerKeepalive = .seconds(1)
  }
}
