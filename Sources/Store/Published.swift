private import Synchronization

/// The durable state, for readers on any thread.
package final class Published: Sendable {
  private struct State {
    var index: Index
    /// How many states there have been.
    var number: UInt64
  }

  private let state: Mutex<State>

  init(_ index: Index) { state = Mutex(State(index: index, number: 1)) }

  /// The state after the last durable batch.
  ///
  /// It stays as it is for as long as it is kept.
  package var snapshot: Index { state.withLock { $0.index } }

  /// Tells this state from all others of this process; never zero.
  package var number: UInt64 { state.withLock { $0.number } }

  /// Shows readers another state, and gives back the one that they saw until now.
  fileprivate func exchange(_ index: inout Index) {
    state.withLock { state in
      swap(&state.index, &index)
      state.number += 1
    }
  }
}

/// The state as the writer has it, beside the one that it has published: two indexes that take turns.
///
/// A change goes into the writer's own, which no reader sees; once it is durable the two change places,
/// and the other one learns of it, too. So neither is copied, and nobody waits: a change copies only
/// those nodes that a reader still keeps. The two have nodes of their own but share what these hold.
/// (The technique is known as left-right: Ramalhete and Correia, 2013.)
package struct TwinIndex: ~Copyable, Sendable {
  /// What readers see.
  package let published: Published

  private var own: Index
  /// What one of the two has and the other has not.
  private var changes: [Index.Change] = []
  /// Whether it is our own that has not.
  private var isBehind = false

  package init(_ index: Index) {
    published = Published(index)
    own = index
  }

  /// The version of a key's entry, after all changes so far.
  package mutating func version(of key: Key) -> UInt64? {
    catchUp()
    return own[key]?.version
  }

  /// Changes our own, and tells whether the change took the place of anything.
  package mutating func apply(_ change: Index.Change) -> Bool {
    catchUp()
    changes.append(change)
    return own.apply(change)
  }

  /// Shows readers what was changed.
  ///
  /// `catchUp` is still to be done, but may wait until they have been told.
  package mutating func publish() {
    guard !isBehind, !changes.isEmpty else { return }
    published.exchange(&own)
    isBehind = true
  }

  /// Takes back what was changed and not published.
  package mutating func abandon() {
    own = published.snapshot
    changes = []
    isBehind = false
  }

  /// Lets our own learn what the published one knows.
  ///
  /// Until then it holds on to what was deleted.
  package mutating func catchUp() {
    guard isBehind else { return }
    for change in changes { _ = own.apply(change) }
    changes.removeAll(keepingCapacity: changes.count <= Limits.changesKept)
    isBehind = false
  }
}
