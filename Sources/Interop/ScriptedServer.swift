package import RPC
package import TestAPI

/// Answers as its caller says, and tells what it has seen: what tables of calls are run against.
package struct ScriptedServer: CallsProtocol {
  /// A server that keeps nothing from call to call.
  package init() {}

  package func unary(_ request: Script, context: ServerContext) async throws -> Reply {
    var answer = Answer(request, context)
    answer.seen.requests = [request]
    return try await answer.only()
  }

  package func read(_ request: Script, context: ServerContext) async throws -> Reply {
    try await unary(request, context: context)
  }

  package func clientStream(
    _ requests: RequestStream<Script>, context: ServerContext
  ) async throws -> Reply {
    var all: [Script] = []
    for try await request in requests { all.append(request) }
    var answer = Answer(all.first ?? Script(), context)
    answer.seen.requests = all
    return try await answer.only()
  }

  package func serverStream(
    _ request: Script, responses: ResponseWriter<Reply>, context: ServerContext
  ) async throws {
    var answer = Answer(request, context)
    answer.seen.requests = [request]
    while let reply = try await answer.next() { try await responses.write(reply) }
    try await answer.end()
  }

  package func bidi(
    _ requests: RequestStream<Script>, responses: ResponseWriter<Reply>, context: ServerContext
  ) async throws {
    var iterator = requests.makeAsyncIterator()
    let first = try await iterator.next()
    var answer = Answer(first ?? Script(), context)
    var request = first
    while let script = request {
      answer.seen.requests.append(script)
      if first?.fullDuplex == true, let reply = try await answer.next() {
        try await responses.write(reply)
      }
      request = try await iterator.next()
    }
    while let reply = try await answer.next() { try await responses.write(reply) }
    try await answer.end()
  }

  package func unimplemented(_ request: Script, context: ServerContext) async throws -> Reply {
    throw RPCError(.unimplemented, "nobody implements this method")
  }
}

/// One answer on its way, as a script has it.
private struct Answer {
  /// What has been seen and not told yet.
  var seen = Seen()
  private let script: Script
  private var replies: ArraySlice<[UInt8]>

  init(_ script: Script, _ context: ServerContext) {
    self.script = script
    replies = script.replies[...]
    context.responseMetadata = Metadata(script.headers)
    context.trailingMetadata = Metadata(script.trailers)
    seen.headers = context.metadata.fields
    seen.timeoutMs = context.timeRemaining.map { $0 / .milliseconds(1) }.map { Int64($0) }
  }

  /// The next reply, if there is one.
  mutating func next() async throws -> Reply? {
    guard let data = replies.popFirst() else { return nil }
    try await delay()
    var reply = Reply()
    reply.data = data
    reply.seen = seen
    seen = Seen()
    return reply
  }

  /// How the call ends.
  func end() async throws {
    if script.replies.isEmpty { try await delay() }
    guard let error else { return }
    throw script.replies.isEmpty ? error.adding(seen) : error
  }

  /// The reply where there can be one only, or the error in its place.
  mutating func only() async throws -> Reply {
    if let error {
      try await delay()
      throw error.adding(seen)
    }
    if let reply = try await next() { return reply }
    var reply = Reply()
    reply.seen = seen
    return reply
  }

  private var error: RPCError? {
    script.failure.map { RPCError(StatusCode(rawValue: Int($0.code)) ?? .unknown, $0.message) }
  }

  private func delay() async throws {
    if script.delayMs > 0 { try await Task.sleep(for: .milliseconds(Int64(script.delayMs))) }
  }
}

extension Metadata {
  init(_ fields: [Field]) {
    self.init()
    for field in fields {
      for value in field.values { append(value, for: field.name) }
    }
  }

  /// The entries by name; bytes are shown as text.
  var fields: [Field] {
    var fields: [Field] = []
    for entry in self where !fields.contains(where: { $0.name == entry.name }) {
      var field = Field()
      field.name = entry.name
      field.values = values(named: entry.name)
      fields.append(field)
    }
    return fields
  }
}
