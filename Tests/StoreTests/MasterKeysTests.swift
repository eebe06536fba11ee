import Glibc
import Linux
import OpenSSL
import Store
import Testing

// T120.
struct MasterKeysTests {
  /// 32 times 0x11, 0x22 and 0x00, 31 times 0x11.
  static let ones = "ERERERERERERERERERERERERERERERERERERERERERE="
  static let twos = "IiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiI="
  static let zeros = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
  static let short = "ERERERERERERERERERERERERERERERERERERERERE="

  private func parsed(_ text: String) throws(StoreError) -> MasterKeys {
    var bytes = Array(text.utf8)
    return try MasterKeys(cleansing: &bytes, source: "test")
  }

  @Test func `several versions are read, and the highest is current`() async throws {
    let text = """
      # two keys, as after a rotation

      linkd-key-v1 7 \(Self.twos)
      linkd-key-v1 1 \(Self.ones)
      """
    let keys = try parsed(text)
    #expect(keys.versions == [1, 7] && keys.currentVersion == 7)
    // They are these keys: what the one sealed the other opens.
    let disk = MemoryDisk()
    let store = try Store.open(on: disk, keys)
    try await store.put("a", "1")
    store.close()
    #expect(try Store.open(on: disk, testKeys([7: 0x22])).count == 1)
  }

  @Test(arguments: [
    "", "# nothing\n", "linkd-key-v1 1", "linkd-key-v1 1 \(ones) ", "linkd-key-v1  1 \(ones)",
    "linkd-key-v2 1 \(ones)", "linkd-key-v1 0 \(ones)", "linkd-key-v1 01 \(ones)",
    "linkd-key-v1 -1 \(ones)", "linkd-key-v1 4294967296 \(ones)", "linkd-key-v1 1 \(zeros)",
    "linkd-key-v1 1 \(short)", "linkd-key-v1 1 \(ones.dropLast())", "linkd-key-v1 1 \(ones)\r",
    "linkd-key-v1 1 \(ones.dropLast(2))F=", "linkd-key-v1 1 \(ones)\nlinkd-key-v1 1 \(twos)",
    "linkd-key-v1 1 \(ones)\n1 \(twos)", "\(ones)",
  ])
  func `anything but 32 random bytes per version is refused`(_ text: String) {
    do throws(StoreError) {
      _ = try parsed(text)
      Issue.record("accepted")
    } catch {
      guard case .invalidMasterKeys("test", _) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(!"\(error)".contains("ERER"))
    }
  }

  @Test func `the text is overwritten, and printing shows versions only`() throws {
    var bytes = Array("linkd-key-v1 1 \(Self.ones)".utf8)
    let keys = try MasterKeys(cleansing: &bytes, source: "test")
    #expect(bytes.allSatisfy { $0 == 0 })
    #expect("\(keys)" == "MasterKeys(versions: [1])")
    var dumped = ""
    dump(keys, to: &dumped)
    #expect(dumped.contains("***") && !dumped.contains("17"))
  }

  @Test func `a generated file is private, loads, and is never overwritten`() throws {
    let scratch = try Scratch()
    let path = "\(scratch.path)/master.key"
    try MasterKeys.generate(file: path)
    let bytes = try scratch.read("master.key")
    #expect(try MasterKeys.load(file: path).versions == [1])
    #expect(
      try Directory(path: scratch.path).open("master.key", .read).status().permissions == 0o600)
    do throws(StoreError) {
      _ = try MasterKeys.generate(file: path)
      Issue.record("overwritten")
    } catch {
      guard case .disk(path, let cause) = error, cause.isFileExists else {
        Issue.record("\(error)")
        return
      }
    }
    #expect(try scratch.read("master.key") == bytes)
    try MasterKeys.generate(file: "\(path)-2")
    #expect(try scratch.read("master.key-2") != bytes)
  }

  @Test(arguments: [0o604, 0o640, 0o644, 0o602] as [mode_t])
  func `a key file that others can touch is refused`(_ mode: mode_t) throws {
    let scratch = try Scratch()
    try scratch.write("key", "linkd-key-v1 1 \(Self.ones)\n", mode: mode)
    let path = "\(scratch.path)/key"
    let octal = String(mode, radix: 8)
    #expect(throws: StoreError.insecure(path: path, reason: "has mode 0\(octal), must be 0600")) {
      try MasterKeys.load(file: path)
    }
  }

  @Test func `a missing file, a link and a directory are refused`() throws {
    let scratch = try Scratch()
    try scratch.write("key", "linkd-key-v1 1 \(Self.ones)\n")
    #expect(unsafe symlink("\(scratch.path)/key", "\(scratch.path)/link") == 0)
    #expect(try MasterKeys.load(file: "\(scratch.path)/key").versions == [1])
    for name in ["none", "link", "."] {
      #expect(throws: StoreError.self) { try MasterKeys.load(file: "\(scratch.path)/\(name)") }
    }
  }
}

/// Keys that a command prints.
struct MasterKeyCommandTests {
  private static func load(_ words: String..., within time: Duration? = nil) throws -> MasterKeys {
    try MasterKeys.load(command: #require(Command(words)), within: time)
  }

  @Test func `the keys are what the command prints, in several versions`() throws {
    let keys = try Self.load(
      "/usr/bin/printf", "linkd-key-v1 1 %s\nlinkd-key-v1 3 %s\n", MasterKeysTests.ones,
      MasterKeysTests.twos)
    #expect(keys.versions == [1, 3])
  }

  // T120.
  @Test(arguments: [
    ("echo linkd-key-v1 1 \(MasterKeysTests.ones); exit 1", "ended with status 1"),
    ("echo linkd-key-v1 1 \(MasterKeysTests.ones); kill -15 $$", "ended by signal 15"),
    ("echo linkd-key-v1 1 \(MasterKeysTests.ones); sleep 1000", "did not end within"),
    ("yes linkd-key-v1 1 \(MasterKeysTests.ones)", "more than 65536 bytes"),
    ("echo \(MasterKeysTests.ones)", "entry 1 is malformed"), ("true", "there is no key"),
    ("echo linkd-key-v1 1 \(MasterKeysTests.zeros)", "all zeros"),
  ])
  func `what fails, hangs, floods or is no key is refused, and no secret is told`(
    _ script: String, _ reason: String
  ) throws {
    do {
      let time: Duration = script.contains("sleep") ? .milliseconds(300) : .seconds(60)
      _ = try Self.load("/bin/sh", "-c", script, within: time)
      Issue.record("accepted")
    } catch let error as StoreError {
      #expect("\(error)".contains(reason) && "\(error)".contains("/bin/sh"))
      #expect(!"\(error)".contains("ERER"))
    }
  }
}
