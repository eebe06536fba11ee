internal import Console
internal import LinkAPI

/// A key set as linkctl prints it: never its keys.
struct KeySetView: Encodable {
  var name: String
  var provider: String
  var consumerKeyHint: String
  var version: Int64
  var linkMethod: String?
  var createTime: String?
  var updateTime: String?

  init(_ keySet: KeySet) {
    name = keySet.name
    provider = keySet.provider.word
    consumerKeyHint = keySet.consumerKeyHint
    version = keySet.version
    linkMethod = keySet.linkMethod.wordIfSet
    createTime = keySet.createTime?.text
    updateTime = keySet.updateTime?.text
  }

  /// What `keys put` tells a person.
  var line: String {
    "kept: \(name), version \(version), consumer key \(consumerKeyHint)".printable + "\n"
  }
}

/// What `keys list` prints.
struct KeySetListView: Encodable {
  var keySets: [KeySetView]

  /// A table, one key set a line.
  var text: String {
    let header = ["KEY SET", "PROVIDER", "KEY", "VERSION", "CHANGED"]
    let rows = keySets.map { set in
      [
        set.name, set.provider, set.consumerKeyHint, "\(set.version)", set.updateTime ?? "-",
      ].map(\.printable)
    }
    return keySets.isEmpty ? "" : Table(header: header, rows: rows).text
  }
}

/// What the commands print that remove something.
struct DeletedView: Encodable {
  var name: String

  var text: String { "deleted: \(name)".printable + "\n" }
}
