internal import HTTP2
internal import Net
internal import RPC

/// How the response of a call is put into HTTP: what the protocols differ in.
///
/// Values without state. They say what is to be sent; the call sends it.
protocol ResponseForm: Sendable {
  /// What the field is called that names the compressions that requests may have.
  static var acceptEncoding: String { get }

  /// The header fields of a response that does not begin with an error.
  func headers(of response: ResponseStart) throws(RPCError) -> HeaderBlock

  /// A message as it stands in the body.
  func body(of frame: [UInt8]) -> [UInt8]

  /// What follows the messages of a call that succeeded.
  func success(_ trailing: Metadata?) throws(RPCError) -> ResponseEnd

  /// What follows the messages of a call that failed after its header fields had been sent.
  ///
  /// Metadata that cannot be sent are left out, here and below: the error matters more.
  func failure(_ error: RPCError, trailing: Metadata) -> ResponseEnd

  /// A response that is an error and nothing else.
  func failure(
    alone error: RPCError, of type: ContentType, _ additions: ServerContext.Additions?
  ) -> (headers: HeaderBlock, end: ResponseEnd)
}

/// What is known when a response begins.
struct ResponseStart {
  let head: RequestHead
  let compression: Compression
  let additions: ServerContext.Additions?
  /// The first message, where it is known: in its frame, compressed if it is to be.
  let message: [UInt8]?
}

/// What comes last on a stream.
enum ResponseEnd {
  case trailers(HeaderBlock)
  case data([UInt8])
  /// Nothing follows the header fields.
  case none
}

extension ContentType {
  /// How calls of this type are answered.
  var responseForm: any ResponseForm {
    switch wire {
    case .grpc: GRPCForm()
    case .grpcWeb: GRPCWebForm(isText: false)
    case .grpcWebText: GRPCWebForm(isText: true)
    case .connectUnary: ConnectUnaryForm()
    case .connectStreaming: ConnectStreamingForm()
    }
  }
}

extension Stream {
  /// Ends the response.
  func send(_ end: ResponseEnd) {
    switch end {
    case .trailers(let block): sendTrailers(block)
    case .data(let bytes): sendData(bytes, endStream: true)
    case .none: break
    }
  }

  /// Sends a response that has no messages.
  func send(_ headers: HeaderBlock, _ end: ResponseEnd) {
    if case .none = end { return sendHeaders(headers, endStream: true) }
    sendHeaders(headers)
    send(end)
  }
}
