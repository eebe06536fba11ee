package import RPC
package import TestAPI

/// Makes calls as it is told, and tells what came of them: what tables of answers are run against.
package struct ScriptedClient: Sendable {
  private let channel: any Channel
  private let service: CallsClient

  /// A client whose calls go through a channel.
  package init(_ channel: any Channel) {
    self.channel = channel
    service = CallsClient(channel)
  }

  /// Makes a call.
  package func make(_ call: Call) async -> Outcome {
    var outcome = Outcome()
    do throws(RPCError) {
      switch call.method {
      case "ClientStream": try await clientStream(call, &outcome)
      case "ServerStream": try await serverStream(call, &outcome)
      case "Bidi": try await bidi(call, &outcome)
      default: outcome.succeed(try await unary(call))
      }
    } catch {
      outcome.fail(error)
    }
    return outcome
  }

  private func unary(_ call: Call) async throws(RPCError) -> Response<Reply> {
    let method =
      switch call.method {
      case "Unary": CallsMethods.unary
      case "Read": CallsMethods.read
      default: CallsMethods.unimplemented
      }
    return try await channel.response(method, call.requests.first ?? Script(), call.options)
  }

  private func clientStream(_ call: Call, _ outcome: inout Outcome) async throws(RPCError) {
    let stream = try await service.clientStream(options: call.options)
    await write(call.requests[...], to: stream.requests)
    if call.afterClose == true { stream.requests.finish() }
    if call.cancel != nil { stream.cancel() }
    outcome.succeed(try await stream.response())
  }

  private func serverStream(_ call: Call, _ outcome: inout Outcome) async throws(RPCError) {
    let replies = try await service.serverStream(
      call.requests.first ?? Script(), options: call.options)
    try await read(replies, call, &outcome)
  }

  private func bidi(_ call: Call, _ outcome: inout Outcome) async throws(RPCError) {
    let stream = try await service.bidi(options: call.options)
    var requests = call.requests[...]
    if call.fullDuplex {
      var replies = stream.responses.makeAsyncIterator()
      while let request = requests.popFirst() {
        await write([request], to: stream.requests)
        if call.afterReplies == Int32(clamping: outcome.replies.count) { stream.cancel() }
        guard let reply = try await replies.next() else { break }
        outcome.replies.append(reply)
      }
    } else {
      await write(requests, to: stream.requests)
    }
    if call.beforeClose == true { stream.cancel() }
    stream.requests.finish()
    if call.afterClose == true { stream.cancel() }
    try await read(stream.responses, call, &outcome)
  }

  private func read(
    _ replies: ResponseStream<Reply>, _ call: Call, _ outcome: inout Outcome
  ) async throws(RPCError) {
    var iterator = replies.makeAsyncIterator()
    repeat {
      if call.afterReplies == Int32(clamping: outcome.replies.count) { replies.cancel() }
      guard let reply = try await iterator.next() else { break }
      outcome.replies.append(reply)
    } while true
    outcome.headers = try await replies.metadata.fields
    outcome.trailers = replies.trailingMetadata.fields
  }

  /// Writes until the call is over: why it is, reading says.
  private func write(_ requests: ArraySlice<Script>, to writer: RequestWriter<Script>) async {
    do throws(RPCError) {
      for request in requests { try await writer.write(request) }
    } catch {}
  }
}

extension Call {
  fileprivate var options: CallOptions {
    CallOptions(
      timeout: timeoutMs.map { .milliseconds($0) }, metadata: Metadata(headers),
      compression: compressed ? .gzip : .identity)
  }
}

extension Outcome {
  fileprivate mutating func succeed(_ response: Response<Reply>) {
    headers = response.metadata.fields
    replies.append(response.message)
    trailers = response.trailingMetadata.fields
  }

  fileprivate mutating func fail(_ error: RPCError) {
    headers = error.leadingMetadata.fields
    trailers = error.metadata.fields
    code = Int32(clamping: error.code.rawValue)
    message = error.message
    details = error.details
  }
}
