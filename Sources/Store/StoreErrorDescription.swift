extension StoreError: CustomStringConvertible {
  /// What happened and where, for a log or an operator.
  public var description: String { outcome ?? refusal ?? cause }

  private var outcome: String? {
    switch self {
    case .conflict: "a requirement of the batch did not hold"
    case .tooLarge: "a key, a value or the batch is too large"
    case .overloaded: "too much is waiting to be written"
    case .noSpace: "no space is left for a new segment"
    case .closed: "the store is closed"
    case .outcomeUnknown: "writing failed; the batch may be there after a restart, or not"
    case .failed: "writing failed before; nothing is written until a restart"
    default: nil
    }
  }

  private var refusal: String? {
    switch self {
    case .inUse(let pid?): "the store is open in process \(pid)"
    case .inUse(nil): "the store is open in another process"
    case .missing(let path): "\(path): there is no store"
    case .notEmpty(let path): "\(path): is not empty"
    case .insecure(let path, let reason): "\(path): \(reason)"
    case .damaged(let file, let offset, let reason): "\(file): damaged at \(offset): \(reason)"
    case .tampered(let file, let offset):
      "\(file): what stands at \(offset) was not written there by this store"
    case .rolledBack(let reason): "an older copy was put in place: \(reason)"
    case .unsupportedFormat(let file, let format): "\(file): unknown format \(format)"
    default: nil
    }
  }

  private var cause: String {
    switch self {
    case .unknownMasterKey(let version, let file):
      "\(file): needs master key version \(version), which was not given"
    case .wrongMasterKey(let version, let file):
      "\(file): is not under this master key version \(version)"
    case .invalidMasterKeys(let path, let reason): "\(path): \(reason)"
    case .disk(let path, let error): "\(path): \(error)"
    case .crypto(let error): "\(error)"
    default: "unknown error"
    }
  }
}
