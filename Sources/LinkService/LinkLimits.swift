/// Every limit of the linking service, with its reason.
public struct LinkLimits: Sendable {
  /// How long a link can be completed, from `StartLink` on.
  ///
  /// X does not say how long a request token lives; other products give their users from five
  /// minutes to four hours. Ten minutes is enough to find a password and short enough that a
  /// stolen link secret is soon worth nothing.
  public var linkLifetime: Duration = .seconds(600)

  /// The longest that one request to a provider may take, whatever is left of the caller's time.
  public var providerTimeout: Duration = .seconds(10)

  /// How many questions to providers one tenant may have under way: a request a second that takes the
  /// longest time needs ten, and linkd has room for many tenants.
  static let questionsPerTenant = 64
  /// How many failures of a provider in a row there are before it is left alone.
  static let failuresBeforePause = 3
  /// How long then, the first time; doubled with each further failure.
  static let firstPause = Duration.seconds(5)
  /// How often it is doubled at most: to about five minutes.
  static let pauseDoublings = 6
  /// The longest pause, whatever a provider says: what it counts by the day ends within one.
  static let longestPause = Duration.seconds(86_400)
  /// How much time a provider must have had for its silence to count against it.
  static let patience = Duration.seconds(2)
  /// How many applications' pauses are remembered, at least; at most twice as many.
  static let rememberedPauses = 10_000

  /// How often calls without a good token may come from one address: twenty mistakes at once are
  /// a process that restarts, more than one a second for long is not a mistake.
  public static let failuresPerAddress = Allowance(burst: 20, every: .seconds(1))
  /// How many addresses are remembered for it, at least; at most twice as many, about 4 MiB.
  static let rememberedAddresses = 10_000
  /// How often one tenant may call each second, unless the operator says otherwise, and twice that at
  /// once: a tenth of what one processor answers, and more than back ends ask that are not broken.
  public static let callsPerTenant = 10_000
  /// How many calls of one tenant that its tokens do not allow are written down: twenty at once are a
  /// back end with the wrong token, and one a second is noticed as well as a thousand.
  static let refusalsPerTenant = Allowance(burst: 20, every: .seconds(1))
  /// How many tenants are remembered for both: who was away longer than that finds a full bucket.
  static let rememberedTenants = 10_000

  /// How many events of a tenant's feed are kept: enough to catch up after a night's pause at one
  /// change every few seconds, about 5 MiB.
  public var feedLength: UInt64 = 10_000

  /// The limits of the service as documented in the schema.
  public init() {}

  /// The longest name of a profile, in bytes: long enough for an e-mail address.
  static let profileLength = 128
  /// The longest callback, in bytes: browsers and proxies cut longer addresses.
  static let callbackLength = 2048
  /// The longest consumer key or secret, in bytes: X's have 25 and 50, and no length is promised.
  static let keyLength = 256
  /// The longest hint of a user name, in bytes: X's have at most 15.
  static let screenNameLength = 64
  /// The longest value that came back from a provider, in bytes: a request token or a verifier.
  static let grantLength = 512
  /// The longest link secret, in bytes: ours have 64.
  static let linkSecretLength = 128
  /// The length of a UUID as text (RFC 9562 section 4).
  static let requestIDLength = 36
  /// How many accounts a page has unless the caller asks for another number.
  static let defaultPageSize = 50
  /// How many accounts a page has at most: about 200 KiB, well below a message's 4 MiB.
  static let largestPageSize = 1000
  /// The longest page token, in bytes: ours are below 500.
  static let pageTokenLength = 1024

  /// How many tenants that share an application are looked at.
  static let keyUses = 16
  /// How many scopes a link by OAuth 2.0 may ask for: X has about 30.
  static let scopes = 32
  /// The longest scope, in bytes: X's have 20.
  static let scopeLength = 64
  /// The longest code, in bytes: X's have 90, others' are signed documents.
  static let codeLength = 4096
  /// How long a token is good whose provider does not say it: what X's are.
  static let defaultTokenLifetime = Duration.seconds(7200)
  /// How long before its end a token is renewed: what a signed request may take to be sent.
  static let renewalMargin = Duration.seconds(60)

  /// How many names of a client certificate are looked up: one that has more is no workload's.
  static let certificateNames = 17
  /// The longest DNS name in a certificate, in bytes (RFC 1035 section 2.3.4).
  static let dnsNameLength = 253
  /// The longest URI in a certificate, in bytes: SPIFFE ids have at most 2,048.
  static let certificateURILength = 2048

  /// How many key sets a tenant may have: one for each of its customers, and about 1 MiB.
  public var keySetsPerTenant = 2000

  /// How long an examination of keys stands: long enough for a page that is loaded twice, short
  /// enough for a person who tries again after a change.
  static let examinationLifetime = Duration.seconds(10)
  /// How many examinations of one consumer key a tenant has in each window: X says of no limit, and
  /// a person does not need more.
  static let examinationsPerWindow = 30
  /// How many it has of all keys together: ten persons' worth, and too few to try out keys with.
  static let examinationsPerTenant = 300
  /// The window, which is as long as X's.
  static let examinationWindow = Duration.seconds(900)
  /// How long an application's own token is kept: X gives the same one until it is ended.
  static let bearerLifetime = Duration.seconds(3600)
  /// How many keys of a tenant are remembered, of each kind of memory: as many as it can examine in
  /// a window, about 300 KiB.
  static let examinationMemory = examinationsPerTenant
  /// How many tenants have such a memory, at least; at most twice as many.
  static let examiningTenants = 100

  /// How long the upkeep rests between two passes.
  static let upkeepPause = Duration.seconds(60)
  /// How many records the upkeep reads at once.
  static let upkeepPage = 256
  /// How many accounts it asks about at once: a trickle beside what callers ask.
  static let upkeepConcurrency = 4
  /// How long after its expiry a link may still wait for the provider, with a wide margin: two
  /// questions at the longest time-out, and the store.
  static let longestExchange = Duration.seconds(600)
  /// How long after its expiry an ended link is kept for repeats of its completion.
  static let linkRetention = Duration.seconds(86_400)

  /// The longest address that is signed, in bytes: what common servers take as a request line.
  static let signedURLLength = 8192
  /// How many parameters a signed request has at most: the widest of X's API has about 30.
  static let signedParameters = 100
  /// How long all parameters of a signed form are at most, in bytes: X's longest are posts of
  /// 25,000 characters.
  static let signedFormLength = 128 * 1024

  /// How many events, or accounts, a stream reads at once.
  static let feedPage = 256
  /// How many streams a tenant may have open: one for each process of a large back end.
  static let watchersPerTenant = 100
  /// How often a stream looks whether its caller may still call: another linkd on the same store
  /// may have revoked its token, or it may have run out.
  static let watcherRecheck = Duration.seconds(2)

  /// How long a token that could not be ended rests before the next attempt; doubled each time.
  static let firstRevocationPause = Duration.seconds(60)
  /// How often the pause is doubled at most.
  static let revocationDoublings: Int32 = 9
  /// The longest pause: a token should not live on for much longer than an outage of X.
  static let longestRevocationPause = Duration.seconds(6 * 3600)
  /// After that a token that cannot be ended is given up: keys that X has refused for a week will
  /// not work again.
  static let revocationLifetime = Duration.seconds(7 * 86_400)
  /// How long the disk may still hold what has expired or was overwritten: well under a day, so that
  /// nothing is there a day later even if an attempt fails.
  static let erasurePause = Duration.seconds(12 * 3600)
}
