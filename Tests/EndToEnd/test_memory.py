"""What reading takes of the heap, whatever the input: at most 64 n + 64 KiB for n bytes (T64).

And what a hundred levels take of the stack (T65).
"""

import resource
import subprocess

import pytest
from conftest import BIN, ROOT
from test_conformance import PROTO2, PROTO3, Runner

SIZE = 10_000


@pytest.fixture(scope="module")
def meter(tmp_path_factory):
    library = tmp_path_factory.mktemp("meter") / "heap_meter.so"
    subprocess.run(
        ["gcc", "-O2", "-shared", "-fPIC", "-o", library, ROOT / "Tests/EndToEnd/heap_meter.c"],
        check=True)
    runner = Runner("--memory", LD_PRELOAD=str(library))
    yield runner
    runner.close()


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def field(number, wire_type, value=b""):
    return varint(number << 3 | wire_type) + value


def delimited(number, content=b""):
    return field(number, 2, varint(len(content)) + content)


def least(descriptor):
    """The shortest encodings of a field that hold something, or nothing."""
    number = descriptor.number
    if descriptor.type == descriptor.TYPE_GROUP:
        return [field(number, 3) + field(number, 4), field(number, 3, b"\x08\1") + field(number, 4)]
    if descriptor.cpp_type in (descriptor.CPPTYPE_MESSAGE, descriptor.CPPTYPE_STRING):
        return [delimited(number), delimited(number, b"\x08\1"), delimited(number, b"\n\0")]
    if descriptor.type in (descriptor.TYPE_FIXED32, descriptor.TYPE_SFIXED32, descriptor.TYPE_FLOAT):
        return [field(number, 5, b"\1\0\0\0")]
    if descriptor.type in (descriptor.TYPE_FIXED64, descriptor.TYPE_SFIXED64, descriptor.TYPE_DOUBLE):
        return [field(number, 1, b"\1" + b"\0" * 7)]
    return [field(number, 0, b"\1")]


def repeated(unit, size=SIZE):
    return unit * (size // len(unit))


def entries(descriptor):
    """Entries of a map with as many different keys as fit."""
    key, value = (descriptor.message_type.fields_by_number[n] for n in (1, 2))
    out = bytearray()
    index = 0
    while len(out) < SIZE:
        index += 1
        if key.cpp_type == key.CPPTYPE_STRING:
            text = b"%x" % index
            head = delimited(1, text)
        elif key.type in (key.TYPE_FIXED32, key.TYPE_SFIXED32):
            head = field(1, 5, index.to_bytes(4, "little"))
        elif key.type in (key.TYPE_FIXED64, key.TYPE_SFIXED64):
            head = field(1, 1, index.to_bytes(8, "little"))
        else:
            head = field(1, 0, varint(index))
        out += delimited(descriptor.number, head + least(value)[-1])
    return bytes(out)


def greedy(kind):
    """Inputs that ask for as much memory as they can, with names."""
    fields = kind.DESCRIPTOR.fields
    for descriptor in fields:
        for index, unit in enumerate(least(descriptor)):
            yield f"{descriptor.name} {index}", repeated(unit)
        if descriptor.is_repeated and descriptor.message_type is None:
            yield f"{descriptor.name} packed", delimited(descriptor.number, b"\1" * SIZE)
        if descriptor.message_type and descriptor.message_type.GetOptions().map_entry:
            yield f"{descriptor.name} keys", entries(descriptor)
    everything = b"".join(least(f)[0] for f in fields)
    yield "every field", everything
    yield "every field in turn", repeated(everything)
    yield "unknown", repeated(field(3000, 0, b"\1"))
    yield "unknown, once in a message", repeated(delimited(18, field(3000, 0, b"\1")))
    # Lists of large messages of which hardly anything is set.
    inner = fields[0]
    for unit in least(inner):
        entry = delimited(2, delimited(2, unit))
        yield f"{inner.name} in messages in a list", repeated(delimited(48, delimited(2, unit)))
        yield f"{inner.name} in messages in a map", repeated(delimited(71, entry))


def nested(tags, depth):
    data = b""
    for level in range(depth):
        data = delimited(tags[level % len(tags)], data)
    return data


@pytest.mark.parametrize("message_type", [PROTO3, PROTO2])
def test_reading_takes_no_more_than_it_may(meter, message_type):
    cases = []
    for name, data in greedy(meter.types[message_type]):
        response = meter.ask(message_type, output="TEXT_FORMAT", protobuf_payload=data)
        verdict = response.WhichOneof("result")
        cases.append((int(getattr(response, verdict)) - 64 * len(data), name, verdict))
    assert max(cases)[0] <= 64 << 10, max(cases)
    # The bound is none that honest messages would notice: even these are read.
    assert {verdict for _, _, verdict in cases} == {"skipped"}


@pytest.mark.parametrize("message_type", [PROTO3, PROTO2])
@pytest.mark.parametrize("tags", [[27], [2, 112], [2, 18], [2, 48]])
def test_a_hundred_messages_inside_one_another_are_no_more(meter, message_type, tags):
    data = nested(tags, 100)
    response = meter.ask(message_type, output="TEXT_FORMAT", protobuf_payload=data)
    assert response.WhichOneof("result") == "skipped", response
    assert int(response.skipped) <= 64 * len(data) + (64 << 10)


# Code that is not optimised takes several times as much.
STACK = (1 << 20) if BIN.name == "debug" else (256 << 10)

DEEP_JSON = [
    '{"recursiveMessage":' * 100 + "{}" + "}" * 100,
    '{"oneofNestedMessage":{"corecursive":' * 50 + "{}" + "}}" * 50,
    '{"repeatedNestedMessage":[{"corecursive":' * 50 + "{}" + "}]}" * 50,
    '{"mapStringNestedMessage":{"":{"corecursive":' * 50 + "{}" + "}}}" * 50,
    '{"optionalStruct":{"":' + "[" * 95 + "]" * 95 + "}}",
    '{"optionalAny":' + '{"@type":"/google.protobuf.Any","value":' * 95 + "{}" + "}" * 96,
]


@pytest.fixture(scope="module")
def small():
    """The testee on a small stack."""
    soft, hard = resource.getrlimit(resource.RLIMIT_STACK)
    resource.setrlimit(resource.RLIMIT_STACK, (STACK, hard))
    try:
        runner = Runner()
    finally:
        resource.setrlimit(resource.RLIMIT_STACK, (soft, hard))
    yield runner
    runner.close()


@pytest.mark.parametrize("output", ["PROTOBUF", "JSON"])
@pytest.mark.parametrize("message_type", [PROTO3, PROTO2])
@pytest.mark.parametrize("tags", [[27], [2, 112], [2, 18], [2, 48], [2, 2, 71]])
def test_a_hundred_levels_fit_a_small_stack(small, message_type, tags, output):
    # An entry of a map is a level, too.
    data = nested(tags, 100 // len(tags) * len(tags))
    response = small.ask(message_type, output=output, protobuf_payload=data)
    assert response.WhichOneof("result") == f"{output.lower()}_payload", response


@pytest.mark.parametrize("text", DEEP_JSON)
def test_a_hundred_levels_of_json_fit_a_small_stack(small, text):
    response = small.read_json(text, output="JSON")
    assert response.WhichOneof("result") == "json_payload", response


@pytest.mark.parametrize("text", [
    '{"recursiveMessage":' * 101 + "{}" + "}" * 101, '{"a":' * 100_000,
    '{"optionalValue":' + "[" * 100_000, '{"optionalAny":' + '{"@type":' * 100_000,
])
def test_more_levels_are_refused_on_a_small_stack(small, text):
    for category in ["JSON_TEST", "JSON_IGNORE_UNKNOWN_PARSING_TEST"]:
        response = small.read_json(text, output="JSON", category=category)
        assert response.WhichOneof("result") == "parse_error", response


JSON = [
    ('{"repeatedInt32":[', "1", "]}"), ('{"repeatedString":[', '""', "]}"),
    ('{"repeatedBytes":[', '"YQ"', "]}"), ('{"repeatedDouble":[', "1", "]}"),
    ('{"repeatedNestedMessage":[', "{}", "]}"), ('{"repeatedNestedMessage":[', '{"a":1}', "]}"),
    ('{"repeatedNestedMessage":[', '{"corecursive":{"optionalInt32":1}}', "]}"),
    ('{"repeatedValue":[', "1", "]}"), ('{"repeatedValue":[', "[]", "]}"),
    ('{"repeatedValue":[', "{}", "]}"), ('{"repeatedValue":[', '""', "]}"),
    ('{"repeatedAny":[', "{}", "]}"),
    ('{"repeatedAny":[', '{"@type":"/google.protobuf.Empty","value":{}}', "]}"),
    ('{"repeatedStruct":[', "{}", "]}"), ('{"repeatedListValue":[', "[]", "]}"),
    ('{"repeatedFieldMask":[', '"a,b,c,d,e"', "]}"), ('{"repeatedTimestamp":[',
     '"1970-01-01T00:00:00Z"', "]}"),
    ('{"optionalStruct":{', None, "}}"), ('{"mapStringNestedMessage":{', None, "}}"),
    ('{"optionalFieldMask":"', "a", '"}'), ('{"optionalString":"', r"\u0000", '"}'),
]


@pytest.mark.parametrize("head, element, tail", JSON)
def test_reading_json_takes_no_more_than_it_may(meter, head, element, tail):
    if element is None:
        elements = [f'"{index:x}":{{}}' for index in range(SIZE // 9)]
    else:
        elements = [element] * (SIZE // (len(element) + 1))
    text = head + ",".join(elements) + tail
    response = meter.read_json(text, output="TEXT_FORMAT")
    verdict = response.WhichOneof("result")
    assert int(getattr(response, verdict)) <= 64 * len(text) + (64 << 10)
