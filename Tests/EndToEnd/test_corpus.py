"""Replays the committed corpus of the fuzz targets (T130): nothing traps, and Python agrees."""

import pytest
from conftest import ROOT
from test_conformance import PROTO2, PROTO3, python_reads, testee  # noqa: F401

CORPUS = ROOT / "tools/fuzzing/codec/corpus"


@pytest.mark.parametrize("message_type", [PROTO3, PROTO2])
def test_the_corpus_of_the_wire_is_read_as_python_reads_it(testee, message_type):  # noqa: F811
    from google.protobuf.message import DecodeError
    kind = testee.types[message_type]
    files = sorted((CORPUS / "binary").iterdir())
    assert len(files) > 25
    for file in files:
        data = file.read_bytes()
        response = testee.ask(message_type, protobuf_payload=data)
        testee.ask(message_type, output="JSON", protobuf_payload=data)
        try:
            expected = kind.FromString(data).SerializeToString(deterministic=True)
        except DecodeError:
            assert response.WhichOneof("result") == "parse_error", file
            continue
        assert response.WhichOneof("result") == "protobuf_payload", file
        again = kind.FromString(response.protobuf_payload)
        assert again.SerializeToString(deterministic=True) == expected, file


@pytest.mark.parametrize("message_type", [PROTO3, PROTO2])
def test_the_corpus_of_json_is_read_as_python_reads_it(testee, message_type):  # noqa: F811
    kind = testee.types[message_type]
    files = sorted((CORPUS / "json").iterdir())
    assert len(files) > 25
    for file in files:
        text = file.read_text(errors="replace")
        response = testee.read_json(text, message_type=message_type)
        expected = python_reads(kind, text)
        if response.WhichOneof("result") == "parse_error":
            assert expected is None, file
        else:
            again = kind.FromString(response.protobuf_payload)
            assert again.SerializeToString(deterministic=True) == expected.SerializeToString(
                deterministic=True), file
