import Foundation
import ProtoGen
import Protobuf
import RPC
import Testing

@Suite(.enabled(if: Protoc.isInstalled, "tools/setup installs protoc"))
struct GoldenTests {
  private static let options = """
    module=ProtoGenTests,access=internal,map=google/protobuf:Protobuf,map=link/v1:LinkAPI
    """

  @Test(arguments: ["golden", "legacy"])
  func `what is generated is what is committed and compiled here`(_ name: String) throws {
    let file = "testing/generator/\(name).proto"
    let request = try Protoc.request(for: file, parameter: Self.options)
    let response = try Plugin.respond(to: request.serialized())
    #expect(response.error == nil)
    #expect(response.file.map(\.name) == ["testing.generator.\(name).pb.swift"])
    let committed = Protoc.root.appending(
      path: "Tests/ProtoGenTests/Generated/testing.generator.\(name).pb.swift")
    #expect(try response.file.first?.content == String(contentsOf: committed, encoding: .utf8))
  }

  @Test
  func `the same request gets the same answer`() throws {
    let request = try Protoc.request(for: "link/v1/link_service.proto", parameter: Self.options)
    let bytes = try request.serialized()
    #expect(try Plugin.respond(to: bytes) == Plugin.respond(to: bytes))
  }

  @Test
  func `descriptors survive our codec byte for byte`() throws {
    let request = try Protoc.request(for: "testing/codec/codec.proto", parameter: "")
    let bytes = try request.serialized()
    #expect(try CodeGeneratorRequest(serialized: bytes).serialized() == bytes)
  }
}

@Suite
struct GeneratedCodeTests {
  @Test
  func `a message that contains its own kind is a value like any other`() throws {
    var note = Note.with { $0.name = "outer" }
    note.answered = Note.with { $0.name = "inner" }
    let copy = note
    note.answered?.name = "changed"
    #expect(copy.answered?.name == "inner")
    #expect(try Note(serialized: note.serialized()).answered?.name == "changed")
  }

  @Test
  func `an alias is the same value and the first name is shown`() {
    #expect(Note.Use.read == .lookAt)
    #expect(Note.Use.lookAt.description == "USE_READ")
    #expect(Note.Use(rawValue: 99).description == "99")
  }

  @Test
  func `the descriptor in the code is that of the file`() throws {
    let file = try FileDescriptorProto(serialized: NotesMethods.file.serialized)
    #expect(file.name == "testing/generator/golden.proto")
    #expect(
      file.service.first?.method.map(\.name) == [
        "WriteNote", "ReadNote", "DropNote", "WatchNotes", "WriteNotes", "ReadNotes",
      ])
    #expect(
      NotesMethods.file.dependencies.map(\.name) == [
        "google/protobuf/timestamp.proto", "link/v1/options.proto",
      ])
  }

  @Test
  func `methods carry their names and what repeating them does`() {
    #expect(NotesMethods.writeNote.path == "/testing.generator.Notes/WriteNote")
    #expect(NotesMethods.writeNote.idempotency == .unknown)
    #expect(NotesMethods.readNote.idempotency == .noSideEffects)
    #expect(NotesMethods.dropNote.idempotency == .idempotent)
  }

  @Test
  func `optional fields of proto2 and proto3 are present when they are zero`() throws {
    let legacy = Legacy.with { $0.number = 0 }
    #expect(try legacy.serialized() == [0x08, 0x00])
    #expect(try Legacy(serialized: [0x08, 0x00]).number == 0)
    #expect(try Note.with { $0.stars = 0 }.serialized() == [0x68, 0x00])
  }

  @Test
  func `extensions survive as unknown fields`() throws {
    let bytes: [UInt8] = [0x08, 0x01, 0xa0, 0x06, 0x05]
    #expect(try Legacy(serialized: bytes).serialized() == bytes)
  }
}

@Suite
struct GeneratorErrorTests {
  @Test(arguments: [
    ("nonsense", "option nonsense: is not of the form name=value"),
    ("access=open", "option access: is public, package or internal, not open"),
    ("map=google", "option map: takes two parts with a colon between them"),
    ("colour=red", "option colour: is not known"),
    ("scopes=no", "option scopes: can only be required, not no"),
    ("comments=maybe", "option comments: is yes or no, not maybe"),
  ])
  func `a wrong option is named`(_ parameter: String, _ message: String) throws {
    let request = CodeGeneratorRequest.with { $0.parameter = parameter }
    #expect(try Plugin.respond(to: request.serialized()).error == message)
  }

  @Test(.enabled(if: Protoc.isInstalled, "tools/setup installs protoc"))
  func `a method without a scope is refused where scopes are required`() throws {
    let request = try Protoc.request(
      for: "testing/generator/golden.proto", parameter: "scopes=required")
    #expect(
      try Plugin.respond(to: request.serialized()).error
        == "testing/generator/golden.proto: Notes.WriteNote: has no (link.v1.scope)")
  }

  @Test
  func `a type that nobody declares is named with file, message and field`() throws {
    let field = FieldDescriptorProto.with {
      $0.name = "child"
      $0.number = 1
      $0.type = .message
      $0.typeName = ".lost.Message"
    }
    let request = CodeGeneratorRequest.with {
      $0.fileToGenerate = ["a.proto"]
      $0.protoFile = [
        .with {
          $0.name = "a.proto"
          $0.messageType = [.with { ($0.name, $0.field) = ("Parent", [field]) }]
        }
      ]
    }
    let response = try Plugin.respond(to: request.serialized())
    #expect(
      response.error
        == "a.proto: Parent.child: refers to lost.Message, which no file of the request declares")
    #expect(response.file.isEmpty)
  }
}
