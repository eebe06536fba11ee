internal import OpenSSL

/// Every maximum of the store, with its reason.
package enum Limits {
  /// Longest key: a resource name of three ids, several times over.
  ///
  /// Keys live in memory for ever.
  static let keyLength = 1024

  /// Longest value: an account with everything a provider says about it, a hundred times over.
  static let valueLength = 1 << 20

  /// Largest payload of one record, and so of one batch.
  ///
  /// Checked before memory is taken for it.
  static let payloadLength = 16 << 20

  /// How many bytes of records are written and synced together.
  ///
  /// More would only add latency: at this size the transfer outweighs the fixed cost of a sync.
  static let groupLength = 4 << 20

  /// How long the writer stays awake for the next batch, if the last one came as quickly.
  ///
  /// One caller that commits one thing after another waits for a thread to wake each time, which takes
  /// as long as a fifth of a sync where that is quick.
  static let quickPause = Duration.microseconds(50)

  /// How many zeros are written ahead of the records at once: few enough for the sync that has to
  /// carry them.
  static let zerosLength = 256 << 10

  /// For how many changes the writer keeps memory from one group to the next.
  static let changesKept = 4096

  /// How many batches may wait for the writer, so that a disk that hangs costs bounded memory.
  static let queuedBatches = 65_536

  /// How many payload bytes may wait for the writer.
  static let queuedBytes = 64 << 20

  /// Size of a segment unless configured: large enough that a roll-over is rare, small enough to
  /// be read whole.
  static let segmentLength = 64 << 20

  /// Largest segment that is opened.
  ///
  /// A bigger file is not ours, and is read whole.
  static let openedSegmentLength = 1 << 30

  /// How many records one data key may seal before the next segment has another: nine tenths of what
  /// `AESGCM` refuses to go beyond.
  ///
  /// A segment is full long before.
  package static let recordsPerDataKey = Int(AESGCM.mostMessages / 10 * 9)

  /// After how many group commits the high-water mark follows.
  ///
  /// What an attacker can take away unseen, after a crash, is what was written since it moved.
  static let groupsPerMark = 256

  /// Longest master key file, or output of a command: some thousand rotations.
  static let masterKeyFileLength = 1 << 16

  /// How long the command that prints the master keys may take: longer than a vault that is asked
  /// over a network, with a retry, needs.
  static let masterKeyCommandTime = Duration.seconds(30)

  /// How much of the state goes into one record of a snapshot: so much memory it takes to read it.
  static let snapshotRecordLength = 256 << 10

  /// How much of a snapshot is written before it is synced.
  ///
  /// A commit beside it waits at most for so much.
  static let snapshotSyncLength = 1 << 20

  /// How much is written to the log, unless configured, before a snapshot is worth its while: so
  /// much is read in a fraction of a second.
  static let compactionLength = 64 << 20

  /// How long to wait after a compaction has failed, at first; twice as long after each more.
  static let firstCompactionPause = Duration.seconds(1)

  /// How often the pause is doubled, at most: then it is longer than the longest, and no number grows
  /// out of its bounds.
  static let compactionDoublings = 10

  /// The longest such pause: so soon after space was made it may be used.
  static let longestCompactionPause = Duration.seconds(300)

  /// How much of a file is copied at a time.
  static let copiedLength = 1 << 20

  /// How often a store that somebody writes to is read, until a reading meets no change.
  static let readingAttempts = 5

  /// How many records may have been lost where a log was damaged: so many numbers are left out, so
  /// that none is ever given twice.
  static let lostSequences: UInt64 = 1 << 32

  /// How far the number of a file may be from that of the last one that is certainly ours, so that a
  /// repair takes it for ours, too.
  static let lostNumbers: UInt64 = 1 << 32

  /// The highest number of a file and of a record: at a million a second it takes 292,000 years.
  ///
  /// What claims a higher one was not written by a store, and adding to what does not cannot overflow.
  static let highestNumber: UInt64 = 1 << 63

  /// The highest sequence number of a mark that a repair goes on from: it must leave room.
  static let highestRepairedSequence = highestNumber / 2

  /// Most entries that one look-up returns.
  static let scanLength = 10_000
}
