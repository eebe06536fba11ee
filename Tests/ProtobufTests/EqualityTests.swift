import Protobuf
import Testing

@Suite
struct EqualityTests {
  @Test
  func `messages with canonically equal strings differ`() {
    let composed = StringValue.with { $0.value = "\u{e9}" }
    let decomposed = StringValue.with { $0.value = "e\u{301}" }
    #expect(composed.value == decomposed.value)
    #expect(composed != decomposed)
    #expect(Set([composed, decomposed]).count == 2)
  }

  @Test
  func `a NaN equals itself and minus zero is not zero`() {
    let nan = DoubleValue.with { $0.value = .nan }
    #expect(nan == nan)
    #expect(DoubleValue.with { $0.value = -0.0 } != DoubleValue.with { $0.value = 0 })
  }

  @Test
  func `members of a oneof with canonically equal strings differ`() {
    #expect(Value.Kind.stringValue("\u{e9}") != .stringValue("e\u{301}"))
    #expect(Value.Kind.numberValue(.nan) == .numberValue(.nan))
    #expect(Value.Kind.numberValue(0) != .boolValue(false))
  }
}
