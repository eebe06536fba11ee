internal import LinkAPI
internal import Protobuf
internal import RPC

/// What a `PutKeySet` asks for, read strictly.
struct KeySetPlan {
  let name: KeySetName
  let provider: Provider
  let method: LinkMethod
  let keys: ConsumerKeys
  let replacedVersion: Int64

  init(_ request: PutKeySetRequest) throws(Failure) {
    var check = RequestCheck()
    check.provider(request.provider)
    method = check.linkMethod(request.linkMethod)
    keys = check.keys(request.keys, for: method)
    check.require(request.replacesVersion >= 0, "replaces_version", "must not be negative")
    name = try check.keySet(request.name)
    provider = request.provider
    replacedVersion = request.replacesVersion
  }
}

extension LinkingService {
  /// How often others may be quicker before we give up.
  private static let attempts = 8

  func put(_ plan: KeySetPlan, _ caller: Caller) async throws(Failure) -> PutKeySetResponse {
    try await audit(.putKeySet, plan.name.text, by: caller)
    let key = RecordKey.keySet(tenant: caller.tenant, plan.name)
    // New names one after the other, so that no two can both be the last one that there is room for.
    let turn = RecordKey.keySets(tenant: caller.tenant, .tenant)
    await keySetTurns.take(turn)
    defer { keySetTurns.give(turn) }
    for _ in 0..<Self.attempts {
      let known = try await records.keySet(at: key)
      try plan.checkVersion(of: known?.record)
      try plan.checkMethod(of: known?.record.keySet)
      let record = KeySetRecord(plan, over: known?.record, at: clock.now())
      var response = PutKeySetResponse()
      response.keySet = record.keySet
      if record == known?.record { return response }
      if known == nil { try await checkRoomForKeySet(caller.tenant) }
      var change = Change()
      try change.put(record, at: key)
      change.require(key, version: known?.version)
      if try await records.commit(change) != nil { return response }
    }
    throw .keySetChanged(nil)
  }

  /// Refuses one key set more than a tenant may have, its profiles' included.
  private func checkRoomForKeySet(_ tenant: String) async throws(Failure) {
    let limit = limits.keySetsPerTenant
    var count = 0
    for scope in [KeySetQuery.Scope.tenant, .profile(nil)] {
      count += try await records.count(
        under: RecordKey.keySets(tenant: tenant, scope), upTo: limit)
    }
    guard count < limit else { throw .tooManyKeySets(limit) }
  }
}

extension KeySetPlan {
  fileprivate func checkMethod(of known: KeySet?) throws(Failure) {
    guard let known, known.linkMethod.orOAuth1 != method else { return }
    var check = RequestCheck()
    check.require(false, "link_method", "cannot be changed")
    try check.finish()
  }

  fileprivate func checkVersion(of known: KeySetRecord?) throws(Failure) {
    guard replacedVersion != 0 else { return }
    guard let version = known?.keySet?.version else { throw .keySetNotFound }
    guard version == replacedVersion else { throw .keySetChanged(version) }
  }
}

extension KeySetRecord {
  /// The record with the plan's pair: the old one if it has the same.
  fileprivate init(_ plan: KeySetPlan, over known: KeySetRecord?, at now: Timestamp) {
    self = known ?? KeySetRecord()
    guard keys != plan.keys else { return }
    var shown = keySet ?? KeySet()
    shown.name = plan.name.text
    shown.provider = plan.provider
    shown.linkMethod = plan.method
    shown.consumerKeyHint = Self.hint(plan.keys.consumerKey)
    shown.version &+= 1
    shown.createTime = shown.createTime ?? now
    shown.updateTime = now
    keySet = shown
    keys = plan.keys
  }

  /// At most four characters, and at most a quarter of the key: enough to tell two pairs apart, of
  /// no use to anybody who guesses.
  private static func hint(_ key: String) -> String {
    "…" + String(key.suffix(min(4, key.utf8.count / 4)))
  }
}

extension Failure {
  fileprivate static func tooManyKeySets(_ limit: Int) -> Failure {
    Failure(
      code: .resourceExhausted, reason: .tooManyKeySets, actor: .developer,
      message: "the tenant has \(limit) key sets, as many as it may: delete one first",
      metadata: ["limit": "\(limit)"])
  }

  fileprivate static func keySetChanged(_ version: Int64?) -> Failure {
    Failure(
      code: .aborted, reason: .keySetChanged, actor: .developer,
      message: "the key set has changed meanwhile",
      metadata: version.map { ["version": "\($0)"] } ?? [:])
  }
}
