"""The generator on schemas that are not in this repository: from buf, from a newer protoc, in editions."""

import pathlib
import subprocess
import sys

import grpc_tools
import pytest
from conftest import BIN, ROOT

PLUGIN = BIN / "protoc-gen-link"
GOOGLE = pathlib.Path(grpc_tools.__file__).parent / "_proto"
SWIFT = [
    "swiftc", "-swift-version", "6", "-warnings-as-errors", "-strict-memory-safety",
    "-enable-upcoming-feature", "ExistentialAny", "-enable-upcoming-feature",
    "InternalImportsByDefault", "-enable-upcoming-feature", "MemberImportVisibility",
    "-I", str(BIN / "Modules"), "-Xcc", f"-fmodule-map-file={ROOT}/Sources/CZlib/module.modulemap",
]


def generate(folder, *files, **options):
    """Runs grpcio-tools' protoc, which is newer than Debian's, with our plugin."""
    (folder / "gen").mkdir(exist_ok=True)
    parameters = [f"--link_opt={name}={value}" for name, value in options.items()]
    return subprocess.run(
        [sys.executable, "-m", "grpc_tools.protoc", f"-I{folder}", f"-I{GOOGLE}",
         f"--plugin=protoc-gen-link={PLUGIN}", f"--link_out={folder / 'gen'}", *parameters, *files],
        capture_output=True, text=True)


def compiles(folder, module):
    files = sorted((folder / "gen").rglob("*.swift"))
    done = subprocess.run(
        [*SWIFT, "-typecheck", "-module-name", module, *files], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    return files


@pytest.mark.seconds(120)
def test_descriptors_and_well_known_types_of_a_newer_protobuf_compile(tmp_path):
    files = sorted(str(p.relative_to(GOOGLE)) for p in GOOGLE.rglob("*.proto"))
    assert "google/protobuf/descriptor.proto" in files and len(files) >= 15
    done = generate(tmp_path, *files, module="Newer")
    assert done.returncode == 0, done.stderr
    assert len(compiles(tmp_path, "Newer")) == len(files)


BUF = {
    "buf.yaml": "version: v2\nmodules:\n  - path: proto\n",
    "buf.gen.yaml": f"""
version: v2
plugins:
  - local: {PLUGIN}
    out: gen
    opt:
      - module=Shop
      - map=google/protobuf:Protobuf
    strategy: all
""",
    "proto/shop/v1/shop.proto": """
syntax = "proto3";
package shop.v1;
import "google/protobuf/timestamp.proto";
import "shop/v1/item.proto";
// Sells.
service ShopService {
  // Sells one item.
  rpc Buy(BuyRequest) returns (stream BuyResponse);
}
message BuyRequest {
  Item item = 1;
  google.protobuf.Timestamp time = 2;
}
message BuyResponse {
  string receipt = 1;
}
""",
    "proto/shop/v1/item.proto": """
syntax = "proto3";
package shop.v1;
// An item.
message Item {
  string name = 1;
  map<string, Item> parts = 2;
}
""",
}


@pytest.mark.seconds(120)
def test_buf_generates(tmp_path):
    for name, text in BUF.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    subprocess.run([ROOT / ".venv/bin/buf", "generate"], cwd=tmp_path, check=True, timeout=60)
    files = compiles(tmp_path, "Shop")
    assert [f.name for f in files] == ["shop.v1.item.pb.swift", "shop.v1.shop.pb.swift"]
    text = files[1].read_text()
    assert "/// Sells one item." in text and "public struct ShopServiceClient" in text


EDITION = """
edition = "2023";
package editions.sample;
message Sample {
  int32 explicit = 1;
  int32 implicit = 2 [features.field_presence = IMPLICIT];
  int32 required = 3 [features.field_presence = LEGACY_REQUIRED];
  repeated int32 packed = 4;
  repeated int32 expanded = 5 [features.repeated_field_encoding = EXPANDED];
  Part prefixed = 6;
  Part delimited = 7 [features.message_encoding = DELIMITED];
  repeated Part parts = 8 [features.message_encoding = DELIMITED];
  Open open = 9;
  Closed closed = 10;
  repeated Closed many = 11;
  map<int32, Part> by_number = 12;
  int32 defaulted = 13 [default = 7];
  oneof choice {
    Part chosen = 14 [features.message_encoding = DELIMITED];
    string text = 15;
  }
  message Part { int32 number = 1; }
  enum Open { OPEN_ZERO = 0; OPEN_ONE = 1; }
  enum Closed { option features.enum_type = CLOSED; CLOSED_ONE = 1; CLOSED_TWO = 2; }
}
"""

# Reads an encoding in hexadecimal, prints what it is written as and the JSON form.
PROGRAM = """
import Protobuf
let digits = Array(CommandLine.arguments[1])
let bytes = stride(from: 0, to: digits.count, by: 2).map {
  UInt8(String(digits[$0...($0 + 1)]), radix: 16)!
}
do {
  let message = try Sample(serialized: bytes)
  print(try message.serialized().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
  print(try message.json())
} catch {
  print("refused")
}
"""


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """A program that is made from the schema in an edition, and the class in Python."""
    folder = tmp_path_factory.mktemp("edition")
    (folder / "edition_sample.proto").write_text(EDITION)
    done = generate(folder, "edition_sample.proto", module="main", access="internal")
    assert done.returncode == 0, done.stderr
    (folder / "main.swift").write_text(PROGRAM)
    objects = [file for name in ["Protobuf", "TextCoding"]
               for file in (BIN / f"{name}.build").rglob("*.o")]
    subprocess.run(
        [*SWIFT, "-o", folder / "sample", folder / "main.swift", *(folder / "gen").glob("*.swift"),
         *objects], check=True, timeout=120)
    subprocess.run(
        [sys.executable, "-m", "grpc_tools.protoc", f"-I{folder}", f"--python_out={folder}",
         "edition_sample.proto"], check=True)
    sys.path.insert(0, str(folder))
    import edition_sample_pb2
    return folder / "sample", edition_sample_pb2.Sample


@pytest.mark.seconds(180)
@pytest.mark.parametrize("text", [
    "required: 0", "required: 1 explicit: 0 implicit: 0", "required: 1 packed: [1, 2] expanded: [3, 4]",
    "required: 1 prefixed { number: 1 } delimited { number: 2 } parts { number: 3 } parts { }",
    "required: 1 open: OPEN_ONE closed: CLOSED_TWO many: [CLOSED_ONE, CLOSED_TWO] defaulted: 7",
    "required: 1 by_number { key: 5 value { number: 6 } } chosen { number: 9 }",
])
def test_edition_2023_is_read_and_written_as_python_does(sample, text):
    import json

    from google.protobuf import json_format, text_format
    program, kind = sample
    message = text_format.Parse(text, kind())
    data = message.SerializeToString(deterministic=True)
    written, as_json = subprocess.run(
        [program, data.hex()], capture_output=True, text=True, timeout=20).stdout.splitlines()
    assert written == data.hex()
    assert json.loads(as_json) == json_format.MessageToDict(message)


@pytest.mark.parametrize("data, expected", [
    # A required field that is missing, a closed enum's unknown values, the other forms of lists.
    ("0801", "refused"), ("1800 5005", "1800 5005"), ("1800 5801 5805", "1800 5a0101 5805"),
    ("1800 2001 2002 2a020304", "1800 22020102 2803 2804"),
    # A group that holds no group's end, and one in place of a prefixed message.
    ("1800 3b0801", "refused"), ("1800 33080134", "1800 33080134"),
])
def test_edition_2023_from_the_wire(sample, data, expected):
    program, kind = sample
    output = subprocess.run(
        [program, data.replace(" ", "")], capture_output=True, text=True, timeout=20).stdout
    assert output.splitlines()[0] == expected.replace(" ", "")
    if expected != "refused":
        message = kind.FromString(bytes.fromhex(data))
        assert message.SerializeToString(deterministic=True).hex() == expected.replace(" ", "")


def test_an_edition_that_is_not_known_is_refused(tmp_path):
    (tmp_path / "later.proto").write_text('edition = "2024"; message Later {}')
    done = generate(tmp_path, "later.proto", module="Later")
    assert done.returncode != 0
    assert "later.proto" in done.stderr and "2024" in done.stderr, done.stderr
