import TextCoding

/// Where header fields go: a block of HTTP/2, or whatever stands for one.
package protocol FieldSink {
  /// Appends a field; a sensitive one must not enter a compression table.
  mutating func append(
    name: some Collection<UInt8>, value: some Collection<UInt8>, isSensitive: Bool)
}

extension FieldSink {
  mutating func append(_ name: String, _ value: String) {
    append(name: name.utf8, value: value.utf8, isSensitive: false)
  }

  mutating func append(_ name: String, _ value: [UInt8]) {
    append(name: name.utf8, value: value, isSensitive: false)
  }
}

extension OutgoingCall {
  /// Appends the header fields of the request, except those that name the server.
  ///
  /// - Parameter previousAttempts: how often the call has failed before.
  package func append(
    to sink: inout some FieldSink, as type: ContentType = .grpc, previousAttempts: Int = 0
  ) throws(RPCError) {
    if type.wire == .grpc { sink.append("te", "trailers") }
    sink.append("content-type", type.name)
    if type.wire.isConnect { appendConnect(type.wire, to: &sink) } else { appendGRPC(to: &sink) }
    if previousAttempts > 0, !type.wire.isConnect {
      sink.append("grpc-previous-rpc-attempts", "\(previousAttempts)")
    }
    try metadata.append(to: &sink)
  }

  private func appendGRPC(to sink: inout some FieldSink) {
    if let deadline {
      sink.append("grpc-timeout", Timeout.format(ContinuousClock.now.duration(to: deadline)))
    }
    if compression != .identity { sink.append("grpc-encoding", compression.name) }
    sink.append("grpc-accept-encoding", Compression.acceptEncoding)
  }

  private func appendConnect(_ wire: WireProtocol, to sink: inout some FieldSink) {
    sink.append("connect-protocol-version", "1")
    if let deadline {
      let left = ContinuousClock.now.duration(to: deadline)
      sink.append("connect-timeout-ms", Timeout.format(milliseconds: left))
    }
    let prefix = wire == .connectUnary ? "" : "connect-"
    if compression != .identity { sink.append(prefix + "content-encoding", compression.name) }
    // The best first, and what goes without saying left out.
    sink.append(prefix + "accept-encoding", "gzip,deflate")
  }
}

extension RequestHead {
  /// Appends the header fields of the response, except the HTTP status.
  package func append(
    to sink: inout some FieldSink, compression: Compression, metadata: Metadata
  ) throws(RPCError) {
    sink.append("content-type", contentType.name)
    if compression != .identity { sink.append("grpc-encoding", compression.name) }
    try metadata.append(to: &sink)
  }
}

extension RPCError {
  /// Appends the trailers of a call that failed so.
  ///
  /// Metadata that cannot be sent are left out: the error matters more.
  package func append(to sink: inout some FieldSink, trailing: Metadata = Metadata()) {
    sink.append("grpc-status", String(code.rawValue))
    if !message.isEmpty { sink.append("grpc-message", PercentEncoding.encode(message)) }
    if let details = serializedDetails {
      sink.append("grpc-status-details-bin", Base64.encode(details, padded: false))
    }
    try? metadata.append(to: &sink)
    try? trailing.append(to: &sink)
  }
}
