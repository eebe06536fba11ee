import Protobuf
import TextCoding

/// The header fields of a response, or its trailers, taken in one after the other.
package struct ResponseFields: Sendable {
  private var httpStatus: Int?
  private var isGRPC = false
  private var compression: Compression? = .identity
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
      isGRPC = ContentType(value) != nil
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
      compression = Compression(name: value)
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
  package func messageCompression() throws(RPCError) -> Compression {
    guard httpStatus == 200, isGRPC else {
      throw RPCError(
        StatusCode(httpStatus: httpStatus ?? 0),
        "the answer is not gRPC's: HTTP status \(httpStatus.map(String.init) ?? "missing")")
    }
    guard let compression else {
      throw .fault("the response has a grpc-encoding that was not offered")
    }
    return compression
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
