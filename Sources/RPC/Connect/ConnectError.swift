import Protobuf
import TextCoding

// How Connect writes errors, and the end of a stream: as JSON, with names and HTTP statuses in
// place of numbers (connectrpc.com/docs/protocol, "Error Codes").

/// Metadata have values of their own.
private typealias ProtoValue = Value

extension StatusCode {
  private static let connectNames: [(name: String, httpStatus: Int)] = [
    ("ok", 200), ("canceled", 499), ("unknown", 500), ("invalid_argument", 400),
    ("deadline_exceeded", 504), ("not_found", 404), ("already_exists", 409),
    ("permission_denied", 403), ("resource_exhausted", 429), ("failed_precondition", 400),
    ("aborted", 409), ("out_of_range", 400), ("unimplemented", 501), ("internal", 500),
    ("unavailable", 503), ("data_loss", 500), ("unauthenticated", 401),
  ]

  /// The name in Connect, as `not_found`.
  package var connectName: String { Self.connectNames[rawValue].name }

  /// The HTTP status of a unary call that failed so.
  package var httpStatus: Int { Self.connectNames[rawValue].httpStatus }

  /// The code of this name in Connect; nil for success, too, which nobody names there.
  package init?(connectName name: String) {
    guard let place = Self.connectNames.firstIndex(where: { $0.name == name }), place > 0 else {
      return nil
    }
    self.init(rawValue: place)
  }
}

extension RPCError {
  /// The body of a unary answer that is this error.
  package var connectJSON: [UInt8] { (try? connectObject.jsonBytes()) ?? Array("{}".utf8) }

  /// What ends a stream of responses that failed so.
  ///
  /// - Parameter trailing: what goes with it, beside the error's own metadata.
  package func connectEnd(trailing: Metadata) -> [UInt8] {
    var all = metadata
    all.append(contentsOf: trailing)
    return ConnectEnd.json(error: self, trailing: all)
  }

  fileprivate var connectObject: Struct {
    var object = Struct()
    object.fields["code"] = Value(text: code.connectName)
    if !message.isEmpty { object.fields["message"] = Value(text: message) }
    if !details.isEmpty {
      object.fields["details"] = Value(list: details.map { Value(object: $0.connectObject) })
    }
    return object
  }
}

/// The last message of a stream of responses.
package enum ConnectEnd {
  /// What ends a stream that succeeded.
  ///
  /// Fails where an entry cannot be sent.
  package static func success(trailing: Metadata?) throws(RPCError) -> [UInt8] {
    guard let trailing else { return Array("{}".utf8) }
    _ = try trailing.fields()
    return json(error: nil, trailing: trailing)
  }

  fileprivate static func json(error: RPCError?, trailing: Metadata) -> [UInt8] {
    var end = Struct()
    if let error { end.fields["error"] = Value(object: error.connectObject) }
    let metadata = trailing.connectObject
    if !metadata.fields.isEmpty { end.fields["metadata"] = Value(object: metadata) }
    return (try? end.jsonBytes()) ?? Array("{}".utf8)
  }
}

extension Metadata {
  // "Keys follow Header-Name, and values are arrays of UTF-8 strings."
  fileprivate var connectObject: Struct {
    var lists: [(name: String, values: [ProtoValue])] = []
    for field in (try? fields()) ?? [] {
      let name = String(decoding: field.name, as: UTF8.self)
      let value = ProtoValue(text: String(decoding: field.value, as: UTF8.self))
      if let place = lists.firstIndex(where: { $0.name == name }) {
        lists[place].values.append(value)
      } else {
        lists.append((name, [value]))
      }
    }
    var object = Struct()
    for list in lists { object.fields[list.name] = ProtoValue(list: list.values) }
    return object
  }
}

extension ProtoAny {
  /// "type": the name of the message, "value": its encoding in base64 without padding, and for
  /// people "debug": its JSON form.
  fileprivate var connectObject: Struct {
    var object = Struct()
    object.fields["type"] = Value(text: packedName)
    let text = Base64.encode(value, padded: false)
    object.fields["value"] = Value(text: String(decoding: text, as: UTF8.self))
    object.fields["debug"] = debugForm
    return object
  }

  /// Only of types that are made for errors: others may have fields that are not for everybody.
  private var debugForm: Value? {
    guard let type = Self.readable.first(where: { holds($0) }) else { return nil }
    return Self.debugForm(of: type, value)
  }

  private static func debugForm<M: Message>(of type: M.Type, _ bytes: [UInt8]) -> Value? {
    guard let message = try? M(serialized: bytes), let json = try? message.jsonBytes() else {
      return nil
    }
    return try? Value(json: json)
  }

  private static let readable: [any Message.Type] = [
    ErrorInfo.self, RetryInfo.self, DebugInfo.self, QuotaFailure.self, PreconditionFailure.self,
    BadRequest.self, RequestInfo.self, ResourceInfo.self, Help.self, LocalizedMessage.self,
  ]
}

extension Value {
  fileprivate init(text: String) {
    self.init()
    kind = .stringValue(text)
  }

  fileprivate init(object: Struct) {
    self.init()
    kind = .structValue(object)
  }

  fileprivate init(list values: [Value]) {
    self.init()
    var list = ListValue()
    list.values = values
    kind = .listValue(list)
  }
}
