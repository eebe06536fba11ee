/// Changes that happen together or not at all, if what they rely on still holds.
public struct Batch: Hashable, Sendable {
  package enum Operation: Hashable, Sendable {
    case put(Key, [UInt8])
    case delete(Key)
  }

  package struct Requirement: Hashable, Sendable {
    package let key: Key
    package let version: UInt64?
  }

  /// In the order in which they were added; the last one of a key wins.
  package private(set) var operations: [Operation] = []
  package private(set) var requirements: [Requirement] = []

  /// Nothing yet.
  public init() {}

  /// Whether there is nothing to write.
  ///
  /// Requirements may still be checked.
  public var isEmpty: Bool { operations.isEmpty }

  /// Sets the value of `key`.
  public mutating func put(_ key: Key, _ value: [UInt8]) { operations.append(.put(key, value)) }

  /// Removes `key`, if it is there.
  public mutating func delete(_ key: Key) { operations.append(.delete(key)) }

  /// Makes the whole batch fail with `StoreError.conflict` unless `key` has this version, or is
  /// absent if `version` is nil, when the batch's turn comes.
  public mutating func require(_ key: Key, version: UInt64?) {
    requirements.append(Requirement(key: key, version: version))
  }
}

extension Batch: CustomStringConvertible {
  /// Counts only; keys and values are never shown.
  public var description: String {
    "Batch(\(operations.count) operations, \(requirements.count) requirements)"
  }
}
