import Store
import Testing

/// The index alone, against a dictionary that is sorted when asked.
struct IndexTests {
  /// Where a round works: what it removes is what the next ones put back, before and behind what is left.
  private static func keys(of round: Int, _ random: inout SeededGenerator) -> [Key] {
    let place =
      switch round % 4 {
      case 0: 0..<4096
      case 1: 0..<1024
      case 2: 3072..<4096
      default: 1024..<3072
      }
    return (0..<600).map { _ in
      let number = Int.random(in: place, using: &random)
      return Key([UInt8(number >> 8), UInt8(truncatingIfNeeded: number)])
    }
  }

  @Test(arguments: 0..<4 as Range<UInt64>)
  func `it is what a dictionary is, and so is every copy of it`(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var index = Index()
    var model: [Key: Entry] = [:]
    var copies: [(index: Index, model: [Key: Entry])] = []
    for round in 0..<48 {
      let isGrowing = round % 12 < 8
      for key in Self.keys(of: round, &random) {
        // Some of the other kind, too.
        if Int.random(in: 0..<8, using: &random) > 0 ? isGrowing : !isGrowing {
          let entry = Entry(value: [UInt8(round)], version: random.next())
          let isReplacing = index.apply(.put(Index.Item(key, entry)))
          #expect(isReplacing == (model.updateValue(entry, forKey: key) != nil))
        } else {
          let wasThere = index.apply(.remove(key))
          #expect(wasThere == (model.removeValue(forKey: key) != nil))
        }
      }
      copies.append((index, model))
    }
    for (index, model) in copies { expectEqual(index, model) }
    for key in model.keys {
      let wasThere = index.apply(.remove(key))
      #expect(wasThere)
    }
    #expect(index.count == 0 && index.length == 0)
  }

  @Test(arguments: 0..<4 as Range<UInt64>)
  func `readers see what was published and nothing else, and the writer all`(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var index = TwinIndex(Index())
    let published = index.published
    var durable: [Key: Entry] = [:]
    var kept: [(index: Index, model: [Key: Entry])] = []
    for round in 0..<200 {
      var model = durable
      for key in Self.keys(of: round, &random).prefix(Int.random(in: 0..<20, using: &random)) {
        if Bool.random(using: &random) {
          let entry = Entry(value: [UInt8(round)], version: random.next())
          let isReplacing = index.apply(.put(Index.Item(key, entry)))
          #expect(isReplacing == (model.updateValue(entry, forKey: key) != nil))
        } else {
          let wasThere = index.apply(.remove(key))
          #expect(wasThere == (model.removeValue(forKey: key) != nil))
        }
        let version = index.version(of: key)
        #expect(version == model[key]?.version)
        #expect(published.snapshot[key] == durable[key])
      }
      let number = published.number
      switch Int.random(in: 0..<4, using: &random) {
      case 0: index.abandon()
      case 1:
        index.publish()
        index.catchUp()
        durable = model
      default:
        index.publish()
        durable = model
      }
      #expect(published.number == number || published.number == number + 1)
      if round.isMultiple(of: 7) { kept.append((published.snapshot, durable)) }
    }
    for (index, model) in kept + [(published.snapshot, durable)] { expectEqual(index, model) }
  }

  private func expectEqual(_ index: Index, _ model: [Key: Entry]) {
    let sorted = model.sorted { $0.key < $1.key }
    var keys: [Key] = []
    index.forEach(from: "") { key, entry in
      keys.append(key)
      return entry == model[key]
    }
    #expect(keys == sorted.map(\.key))
    #expect(index.count == model.count && index.length == 3 * model.count)
    #expect(model.allSatisfy { index[$0.key] == $0.value })
    if let (middle, _) = sorted.randomElement() {
      var first: Key?
      index.forEach(from: middle) { key, _ in
        first = key
        return false
      }
      #expect(first == middle)
    }
  }
}
