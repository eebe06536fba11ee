internal import HTTP2
internal import RPC

extension RPC.Refusal {
  /// For whoever does not speak a protocol of ours: perhaps a person with a browser.
  private static let words = Array("calls of gRPC, gRPC-Web and Connect only\n".utf8)

  /// The answer to a request that is not served.
  var response: (headers: HeaderBlock, end: ResponseEnd) {
    switch form {
    case .call(let type): inProtocol(type)
    case .http(let status, let advice, let body):
      (httpHeaders(status, advice, body), httpEnd(body))
    }
  }

  /// Whether the client listens while it still sends: that of a call does, any other once it has
  /// said all.
  var isHeardAtOnce: Bool {
    if case .call = form { true } else { false }
  }

  private func inProtocol(_ type: ContentType) -> (headers: HeaderBlock, end: ResponseEnd) {
    let form = type.responseForm
    var (block, end) = form.failure(alone: error, of: type, nil)
    // "The server must include its supported encodings in grpc-accept-encoding" (compression.md).
    if namesEncodings {
      block.append(Swift.type(of: form).acceptEncoding, Compression.acceptEncoding)
    }
    // Of the errors of calls only Connect's are answers of HTTP, for which caches and libraries that
    // know nothing of calls wait. Seconds are all that it can say.
    if form is ConnectUnaryForm, !error.metadata.values(named: "grpc-retry-pushback-ms").isEmpty {
      block.append("retry-after", "1")
    }
    return (block, end)
  }

  private func httpHeaders(_ status: Int, _ advice: Advice?, _ body: Body) -> HeaderBlock {
    let type = if case .connect = body { ContentType.json.name } else { "text/plain" }
    var block = HeaderBlock([":status": String(status), "content-type": type])
    switch advice {
    case .allow(let methods)?: block.append("allow", methods)
    case .acceptPost(let types)?: block.append("accept-post", types)
    case nil: break
    }
    if hasStatus { error.append(to: &block) }
    return block
  }

  private func httpEnd(_ body: Body) -> ResponseEnd {
    switch body {
    case .words: .data(Self.words)
    case .connect: .data(error.connectJSON)
    case .none: .none
    }
  }
}
