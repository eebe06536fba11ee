"""Plays the runner of protobuf's conformance suite for our testee, with a table of its cases (T71)."""

import json
import os
import struct
import subprocess

import pytest
from conformance_cases import ACCEPTED, REFUSED
from conftest import BIN

PROTO3 = "protobuf_test_messages.proto3.TestAllTypesProto3"
PROTO2 = "protobuf_test_messages.proto2.TestAllTypesProto2"


class Runner:
    """The program, and the messages of its protocol."""

    def __init__(self, *arguments, **environment):
        from testing.conformance import conformance_pb2, test_messages_proto2_pb2
        from testing.conformance import test_messages_proto3_pb2
        self.protocol = conformance_pb2
        self.types = {
            PROTO3: test_messages_proto3_pb2.TestAllTypesProto3,
            PROTO2: test_messages_proto2_pb2.TestAllTypesProto2,
        }
        self.process = subprocess.Popen(
            [BIN / "conformance-testee", *arguments], env=os.environ | environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, message_type=PROTO3, category="BINARY_TEST", output="PROTOBUF", **payload):
        request = self.protocol.ConformanceRequest(
            message_type=message_type, test_category=category, requested_output_format=output,
            **payload)
        data = request.SerializeToString()
        self.process.stdin.write(struct.pack("<I", len(data)) + data)
        self.process.stdin.flush()
        (length,) = struct.unpack("<I", self.process.stdout.read(4))
        response = self.protocol.ConformanceResponse()
        response.ParseFromString(self.process.stdout.read(length))
        return response

    def read_json(self, text, output="PROTOBUF", category="JSON_TEST", message_type=PROTO3):
        return self.ask(message_type, category, output, json_payload=text)

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(10) == 0


@pytest.fixture(scope="module")
def testee():
    testee = Runner()
    yield testee
    testee.close()


def python_reads(kind, text):
    """What Google's protobuf for Python makes of JSON; None if it refuses."""
    from google.protobuf import json_format
    try:
        return json_format.Parse(text, kind())
    except (json_format.ParseError, UnicodeError):
        return None


@pytest.mark.parametrize("text", ACCEPTED)
def test_json_is_read_as_python_reads_it_and_written_so_that_it_reads_it_back(testee, text):
    kind = testee.types[PROTO3]
    expected = python_reads(kind, text)
    assert expected is not None
    binary = testee.read_json(text)
    assert binary.WhichOneof("result") == "protobuf_payload", binary
    assert kind.FromString(binary.protobuf_payload).SerializeToString(
        deterministic=True) == expected.SerializeToString(deterministic=True)
    written = testee.read_json(text, output="JSON")
    assert written.WhichOneof("result") == "json_payload", written
    again = python_reads(kind, written.json_payload)
    assert again.SerializeToString(deterministic=True) == expected.SerializeToString(
        deterministic=True)


@pytest.mark.parametrize("text", ACCEPTED)
def test_json_has_the_form_that_python_writes(testee, text):
    from google.protobuf import json_format
    expected = json_format.MessageToDict(python_reads(testee.types[PROTO3], text))
    written = json.loads(testee.read_json(text, output="JSON").json_payload)
    assert written == expected or "float" in text.lower()


@pytest.mark.parametrize("text", REFUSED)
def test_json_is_refused(testee, text):
    response = testee.read_json(text)
    assert response.WhichOneof("result") == "parse_error", response


def test_python_refuses_nearly_all_that_must_be_refused(testee):
    assert len(ACCEPTED) + len(REFUSED) > 220
    lenient = [text for text in REFUSED if python_reads(testee.types[PROTO3], text) is not None]
    assert len(lenient) < 20, lenient


@pytest.mark.parametrize("text, expected", [
    ('{"optionalInt32": 1, "unknown": {"a": [1, "x", null, true, {}]}}', '{"optionalInt32": 1}'),
    ('{"optionalNestedEnum": "NOPE"}', '{}'),
    ('{"repeatedNestedEnum": ["FOO", "NOPE", "BAR"]}', '{"repeatedNestedEnum": ["FOO", "BAR"]}'),
    ('{"mapStringNestedEnum": {"a": "NOPE", "b": "FOO"}}', '{"mapStringNestedEnum": {"b": "FOO"}}'),
    ('{"optionalNestedMessage": {"unknown": 1}}', '{"optionalNestedMessage": {}}'),
])
def test_unknown_members_are_ignored_when_asked(testee, text, expected):
    response = testee.read_json(text, "JSON", "JSON_IGNORE_UNKNOWN_PARSING_TEST")
    assert json.loads(response.json_payload) == json.loads(expected)
    broken = testee.read_json('{"unknown": {"a" 1}}', "JSON", "JSON_IGNORE_UNKNOWN_PARSING_TEST")
    assert broken.WhichOneof("result") == "parse_error"


@pytest.mark.parametrize("hex_in, hex_out", [
    # Groups, closed enums and unknown fields of proto2.
    ("cb0c d00c 07 cc0c", "cb0c d00c 07 cc0c"),
    ("cb0c cc0c", "cb0c cc0c"),
    ("a801 63", "a801 63"),
    ("a801 01 a801 63", "a801 01 a801 63"),
    ("9a03 02 0001", "9803 00 9803 01"),
    ("c205 03 0001 63", "c205 02 0001 c005 63"),
    ("cb0c d00c 07 cc0c cb0c d80c 08 cc0c", "cb0c d00c 07 d80c 08 cc0c"),
    ("c007 05", "c007 05"),
    ("ca04 05 0a01 61 1063", "ca04 05 0a01 61 1063"),
])
def test_proto2_is_read_and_written(testee, hex_in, hex_out):
    response = testee.ask(PROTO2, protobuf_payload=bytes.fromhex(hex_in.replace(" ", "")))
    assert response.WhichOneof("result") == "protobuf_payload", response
    assert response.protobuf_payload.hex() == hex_out.replace(" ", "")


@pytest.mark.parametrize("data", ["cb0c", "cb0c d40c", "cc0c", "cb0c d00c", "cb0c cb0c cc0c"])
def test_groups_that_do_not_end_are_refused(testee, data):
    response = testee.ask(PROTO2, protobuf_payload=bytes.fromhex(data.replace(" ", "")))
    assert response.WhichOneof("result") == "parse_error"


def test_proto2_json_has_groups_and_defaults_that_were_set(testee):
    text = '{"data": {"groupInt32": 1}, "defaultInt32": 0, "multiwordgroupfield": {}}'
    response = testee.read_json(text, "JSON", message_type=PROTO2)
    assert json.loads(response.json_payload) == json.loads(text)


@pytest.mark.parametrize("text, binary", [
    ('{"[protobuf_test_messages.proto2.extension_int32]":1}', "c00701"),
    ('{"optionalInt32":7,"[protobuf_test_messages.proto2.extension_int32]":-1}',
     "0807 c007 ffffffffffffffffff01"),
    ('{"[protobuf_test_messages.proto2.extension_int32]":0}', "c00700"),
])
def test_extensions_have_their_names_in_brackets_in_json(testee, text, binary):
    response = testee.read_json(text, message_type=PROTO2)
    assert response.protobuf_payload.hex() == binary.replace(" ", "")
    again = testee.ask(PROTO2, output="JSON", protobuf_payload=response.protobuf_payload)
    assert json.loads(again.json_payload) == json.loads(text)


@pytest.mark.parametrize("text", [
    '{"[protobuf_test_messages.proto2.extension_int64]": 1}',
    '{"protobuf_test_messages.proto2.extension_int32": 1}',
    '{"[protobuf_test_messages.proto2.extension_int32]": "a"}',
    '{"[protobuf_test_messages.proto2.extension_int32]": 1,'
    ' "[protobuf_test_messages.proto2.extension_int32]": 1}',
])
def test_other_extensions_are_refused(testee, text):
    response = testee.read_json(text, message_type=PROTO2)
    assert response.WhichOneof("result") == "parse_error", response


def test_what_is_not_spoken_is_skipped(testee):
    assert testee.ask("no.such.Message", protobuf_payload=b"").WhichOneof("result") == "skipped"
    assert testee.ask(output="TEXT_FORMAT", protobuf_payload=b"").WhichOneof("result") == "skipped"
    assert testee.ask(text_payload="").WhichOneof("result") == "skipped"
    failures = testee.ask("conformance.FailureSet", protobuf_payload=b"")
    assert failures.WhichOneof("result") == "protobuf_payload"


def test_what_has_no_json_form_is_not_written(testee):
    # optional_timestamp of 2^56-1 seconds.
    response = testee.ask(output="JSON", protobuf_payload=b"\xf2\x12\x09\x08" + b"\xff" * 7 + b"\x7f")
    assert response.WhichOneof("result") == "serialize_error", response
