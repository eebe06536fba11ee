/// What one pass of the upkeep has done.
public struct UpkeepReport: Sendable, Hashable {
  /// About how many accounts the provider was asked.
  public internal(set) var accountsChecked = 0
  /// How many of these questions got no answer.
  public internal(set) var checksFailed = 0
  /// How many tokens of unlinked accounts have been ended at the provider.
  public internal(set) var tokensEnded = 0
  /// How many of them are still to be ended.
  public internal(set) var tokensPending = 0
  /// How many were given up after a week: they live on at the provider.
  public internal(set) var tokensGivenUp = 0
  /// How many links and answers to `StartLink` were removed because nobody can use them any more.
  public internal(set) var recordsPurged = 0
  /// How often the store failed; the rest of that part is left to the next pass.
  public internal(set) var storeFailures = 0

  /// Nothing done yet.
  package init() {}

  /// Whether there was nothing to do.
  public var isEmpty: Bool { self == UpkeepReport() }
}
