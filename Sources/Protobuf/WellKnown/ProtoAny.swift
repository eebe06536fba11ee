extension ProtoAny {
  /// What type URLs begin with unless somebody needs another registry.
  public static let typeURLPrefix = "type.googleapis.com/"

  /// Packs a message with the URL of its type.
  public init<M: Message>(packing message: M) throws(EncodingError) {
    self.init()
    typeURL = Self.typeURLPrefix + M.messageName
    value = try message.serialized()
  }

  /// The full name of the type: what follows the last slash of the URL.
  public var packedName: String {
    let utf8 = typeURL.utf8
    guard let slash = utf8.lastIndex(of: UInt8(ascii: "/")) else { return typeURL }
    return String(decoding: utf8[utf8.index(after: slash)...], as: UTF8.self)
  }

  /// Whether a message of this type is packed.
  public func holds<M: Message>(_ type: M.Type) -> Bool {
    packedName.utf8.elementsEqual(M.messageName.utf8)
  }

  /// Unpacks a message of this type, or returns nil if the packed one has another.
  public func unpack<M: Message>(
    as type: M.Type = M.self, limits: DecodingLimits = .default
  ) throws(DecodingError) -> M? {
    holds(type) ? try M(serialized: value, limits: limits) : nil
  }
}
