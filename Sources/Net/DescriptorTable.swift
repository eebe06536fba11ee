internal import Linux

/// A descriptor that a loop watches.
public struct Registration: Hashable, Sendable {
  /// What the kernel hands back with each event: a slot, and how often that slot has been reused.
  let token: UInt64

  fileprivate init(slot: UInt32, generation: UInt32) {
    token = UInt64(generation) << 32 | UInt64(slot)
  }

  fileprivate init(token: UInt64) { self.token = token }

  fileprivate var slot: Int { Int(UInt32(truncatingIfNeeded: token)) }
  fileprivate var generation: UInt32 { UInt32(truncatingIfNeeded: token >> 32) }
}

/// Who watches what on a loop.
///
/// Events of one wait can outlive the registration they are for: an earlier event of the same wait
/// may have closed the descriptor, and its number may be a new connection's already. The generation
/// in the token tells them apart.
struct DescriptorTable {
  /// The token of the loop's own bell, which is in no slot.
  static let bellToken = UInt64.max

  private struct Slot {
    var generation: UInt32
    var descriptor: CInt
    var handler: ((Readiness) -> Void)?
  }

  private var slots: [Slot] = []
  private var free: [UInt32] = []

  mutating func insert(
    _ descriptor: CInt, _ handler: @escaping (Readiness) -> Void
  ) -> Registration {
    guard let slot = free.popLast() else {
      slots.append(Slot(generation: 0, descriptor: descriptor, handler: handler))
      return Registration(slot: UInt32(slots.count - 1), generation: 0)
    }
    let generation = slots[Int(slot)].generation
    slots[Int(slot)] = Slot(generation: generation, descriptor: descriptor, handler: handler)
    return Registration(slot: slot, generation: generation)
  }

  /// Frees the slot and returns whose it was; nil if it was freed before.
  @discardableResult
  mutating func remove(_ registration: Registration) -> CInt? {
    guard let descriptor = descriptor(of: registration) else { return nil }
    slots[registration.slot].handler = nil
    slots[registration.slot].generation &+= 1
    free.append(UInt32(registration.slot))
    return descriptor
  }

  func descriptor(of registration: Registration) -> CInt? {
    guard registration.slot < slots.count else { return nil }
    let slot = slots[registration.slot]
    return slot.generation == registration.generation && slot.handler != nil
      ? slot.descriptor : nil
  }

  func handler(for token: UInt64) -> ((Readiness) -> Void)? {
    let registration = Registration(token: token)
    guard registration.slot < slots.count else { return nil }
    let slot = slots[registration.slot]
    return slot.generation == registration.generation ? slot.handler : nil
  }
}
