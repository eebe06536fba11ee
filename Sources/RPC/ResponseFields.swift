import Protobuf
import TextCoding

/// The header fields of a response, or its trailers, taken in one after the other.
package struct ResponseFields: Sendable {
  private var httpStatus: Int?
  private var contentType: ContentType?
  /// How messages are compressed, as each protocol says it; nil where it is not known here.
  private var grpcEncoding: Compression? = .identity
  private var contentEncoding: Compression? = .identity
  private var connectEncoding: Compression? = .identity
  private var code: StatusCode?
  private var message = ""
  private var details: [ProtoAny] = []
  package private(set) var metadata = Metadata()

  /// No fields yet.
  package init() {}

  /// Takes in the field that comes next.
  package mutating func add(name: Span<UInt8>, value: Span<UInt8>) {
    if name.equals(":status") {
      httpStatus = value.decimal
    } else if name.equals("content-type") {
      contentType = ContentType(value)
    } else if name.equals("content-encoding") {
      contentEncoding = Compression(name: value)
    } else if name.equals("connect-content-encoding") {
      connectEncoding = Compression(name: value)
    } else if name.hasPrefix("grpc-") {
      addReserved(name: name, value: value)
    } else {
      metadata.append(wireName: name, value: value)
    }
  }

  private mutating func addReserved(name: Span<UInt8>, value: Span<UInt8>) {
    if name.equals("grpc-status") {
      // A number that is not a code comes from a version of gRPC that knows more than we do.
      code = value.decimal.flatMap(StatusCode.init(rawValue:)) ?? .unknown
    } else if name.equals("grpc-message") {
      message = PercentEncoding.decode(value)
    } else if name.equals("grpc-status-details-bin") {
      details = Base64.decode(value).map(RPCError.details(serialized:)) ?? []
    } else if name.equals("grpc-encoding") {
      grpcEncoding = Compression(name: value)
    } else {
      metadata.append(wireName: name, value: value)
    }
  }
}

extension ResponseFields {
  /// How the call ended, if these fields say so; nil inside is success.
  package var outcome: RPCError?? {
    guard let code else { return .none }
    if code == .ok { return .some(nil) }
    return RPCError(code, message, details: details, metadata: metadata)
  }

  /// How messages are compressed, or why there will be none.
  package func messageCompression(
    for type: ContentType = .grpc
  ) throws(RPCError) -> Compression {
    guard httpStatus == 200, let contentType, contentType.wire == type.wire else {
      throw httpError(for: type.wire)
    }
    guard contentType.format == type.format else {
      throw RPCError(.internal, "the response is not in the form of the request")
    }
    return try compression(for: type.wire)
  }

  /// How the body is compressed.
  private func compression(for wire: WireProtocol) throws(RPCError) -> Compression {
    let compression =
      switch wire {
      case .grpc, .grpcWeb, .grpcWebText: grpcEncoding
      case .connectUnary: contentEncoding
      case .connectStreaming: connectEncoding
      }
    guard let compression else {
      throw RPCError(.internal, "the response is compressed in a way that was not offered")
    }
    return compression
  }

  /// What the call fails with if nothing but HTTP says so.
  func httpError(for wire: WireProtocol) -> RPCError {
    let status = httpStatus.map(String.init) ?? "missing"
    // gRPC's table has 431, Connect's ("HTTP to Error Code") does not.
    let isUnmapped = wire.isConnect && httpStatus == 431
    return RPCError(
      isUnmapped ? .unknown : StatusCode(httpStatus: httpStatus ?? 0),
      "the answer is not that of a call: HTTP status \(status)")
  }

  /// How the error is compressed that is the body of a unary answer in Connect, if it has one.
  var errorCompression: Compression? {
    guard httpStatus != 200, contentType == .json else { return nil }
    return contentEncoding
  }
}

extension Span<UInt8> {
  /// The number that these digits stand for, nil if it is none or has more than four of them.
  fileprivate var decimal: Int? {
    guard (1...4).contains(count) else { return nil }
    var value = 0
    for index in indices {
      let digit = self[index] &- UInt8(ascii: "0")
      guard digit <= 9 else { return nil }
      value = value * 10 + Int(digit)
    }
    return value
  }
}
