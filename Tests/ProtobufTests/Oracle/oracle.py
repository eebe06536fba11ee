"""Asks Google's protobuf for Python (upb) what it makes of encodings of testing.codec.Everything.

usage: oracle.py make SEED COUNT FILE     writes COUNT random cases
       oracle.py judge FILE CASES         reads inputs in hexadecimal from FILE, writes cases
       oracle.py compare CASES FILE       FILE has what we wrote for each accepted case, likewise

A case is three values, each behind its length as four bytes: the input, whether upb reads it (one
byte: 0 no, or only upb would, 1 yes, 2 yes but in its own way), and how upb writes it again. The
schema is taken from Protos at every run.
"""

import pathlib
import random
import struct
import sys
import tempfile

import grpc_tools
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.empty_pb2 import Empty
from google.protobuf.internal import api_implementation
from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet
from grpc_tools import protoc

ROOT = pathlib.Path(__file__).resolve().parents[3]
SHIPPED = pathlib.Path(grpc_tools.__file__).parent / "_proto"


def load():
    """The class of Everything, of the schema as it is now."""
    with tempfile.TemporaryDirectory() as work:
        out = f"{work}/set"
        arguments = [f"-I{ROOT}/Protos", f"-I{SHIPPED}", "--include_imports"]
        arguments += [f"--descriptor_set_out={out}", "testing/codec/codec.proto"]
        if protoc.main(["protoc", *arguments]) != 0:
            sys.exit("the schema does not compile")
        files = descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(out).read_bytes())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    descriptor = pool.FindMessageTypeByName("testing.codec.Everything")
    return message_factory.GetMessageClass(descriptor)


def canonical(message):
    return message.SerializeToString(deterministic=True)


# Random messages

INTEGERS = [0, 1, 2, 127, 128, 300, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**64 - 1]
FLOATS = [0.0, -0.0, 1.5, -2.25, float("inf"), float("-inf"), float("nan"), 1e-30]
TEXTS = ["", "a", "\0", "e\u0301", "\u00e9", "\uffff", "\U0010ffff", "sixteen letters!", "x" * 200]


def is_map(field):
    return bool(field.message_type and field.message_type.GetOptions().map_entry)


def scalar(rng, field):
    kind = field.cpp_type
    if kind in (field.CPPTYPE_FLOAT, field.CPPTYPE_DOUBLE):
        return rng.choice(FLOATS)
    if kind == field.CPPTYPE_BOOL:
        return rng.random() < 0.5
    if kind == field.CPPTYPE_STRING:
        text = rng.choice(TEXTS)
        return text if field.type == field.TYPE_STRING else rng.randbytes(rng.randrange(20))
    value = rng.choice(INTEGERS) if rng.random() < 0.7 else rng.getrandbits(64)
    if rng.random() < 0.3:
        value = -value
    if kind == field.CPPTYPE_UINT32:
        return value % 2**32
    if kind == field.CPPTYPE_UINT64:
        return value % 2**64
    bits = 64 if kind == field.CPPTYPE_INT64 else 32
    return (value + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1)


def fill(rng, message, depth):
    fields = message.DESCRIPTOR.fields
    for field in rng.sample(list(fields), min(len(fields), rng.randrange(1, 12))):
        if is_map(field):
            fill_map(rng, getattr(message, field.name), field, depth)
        elif field.is_repeated:
            for _ in range(rng.randrange(5)):
                if field.message_type:
                    if depth > 0:
                        fill(rng, getattr(message, field.name).add(), depth - 1)
                else:
                    getattr(message, field.name).append(scalar(rng, field))
        elif field.message_type:
            if depth > 0:
                child = getattr(message, field.name)
                child.SetInParent()
                fill(rng, child, depth - 1)
        else:
            setattr(message, field.name, scalar(rng, field))


def fill_map(rng, entries, field, depth):
    key, value = field.message_type.fields_by_number[1], field.message_type.fields_by_number[2]
    for _ in range(rng.randrange(4)):
        if not value.message_type:
            entries[scalar(rng, key)] = scalar(rng, value)
        elif depth > 0:
            fill(rng, entries[scalar(rng, key)], depth - 1)


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def field_bytes(rng):
    """One field that the schema may or may not know, of any wire type, not always whole."""
    number = rng.choice([rng.randrange(1, 100), rng.randrange(96, 3000), 2**29 - 1])
    wire = rng.choice([0, 0, 1, 2, 2, 5, 3, 4, 6])
    tag = varint(number << 3 | wire)
    if wire == 0:
        return tag + varint(rng.getrandbits(rng.randrange(1, 65)))
    if wire == 1:
        return tag + rng.randbytes(8)
    if wire == 5:
        return tag + rng.randbytes(4)
    if wire == 2:
        content = rng.randbytes(rng.randrange(12))
        return tag + varint(len(content)) + content
    if wire == 3:
        inner = b"".join(field_bytes(rng) for _ in range(rng.randrange(2)))
        return tag + inner + varint(number << 3 | 4)
    return tag


def mutate(rng, data):
    """Flips, cuts, splices, stretches."""
    data = bytearray(data)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(data) + 1)
        action = rng.randrange(5)
        if action == 0 and at < len(data):
            data[at] ^= 1 << rng.randrange(8)
        elif action == 1:
            del data[at:]
        elif action == 2:
            data[at:at] = field_bytes(rng)
        elif action == 3 and at < len(data) and data[at] < 0x80:
            data[at : at + 1] = bytes([data[at] | 0x80] + [0x80] * rng.randrange(10) + [0])
        else:
            other = rng.randrange(len(data) + 1)
            data[at:at] = data[min(at, other) : max(at, other)]
    return bytes(data)


def random_input(rng, kind):
    message = kind()
    fill(rng, message, rng.randrange(4))
    data = message.SerializeToString()
    choice = rng.random()
    if choice < 0.4:
        return data
    if choice < 0.5:
        # Merging: two encodings behind each other are one message.
        other = kind()
        fill(rng, other, 2)
        return data + other.SerializeToString()
    if choice < 0.6:
        return data + b"".join(field_bytes(rng) for _ in range(rng.randrange(4)))
    return mutate(rng, data)


# The files


def write(file, *values):
    for value in values:
        file.write(struct.pack("<I", len(value)) + value)


def read(file):
    while header := file.read(4):
        yield file.read(struct.unpack("<I", header)[0])


def messages(message):
    """The message and all those inside."""
    yield message
    for field, value in message.ListFields():
        if is_map(field):
            inner = value.values() if field.message_type.fields_by_number[2].message_type else []
        elif field.message_type:
            inner = value if field.is_repeated else [value]
        else:
            inner = []
        for child in inner:
            yield from messages(child)


# What upb alone does. There are two such rules, and nothing else may differ.


def hidden_entries(message):
    """Entries of maps that upb has put among the unknown fields.

    It does so with entries that hold a field besides key and value; C++ and we drop that field and
    keep the entry.
    """
    maps = {f.number for f in message.DESCRIPTOR.fields if is_map(f)}
    return [f.data for f in UnknownFieldSet(message)
            if f.field_number in maps and f.wire_type == 2]


def has_number_zero(fields):
    """Whether the field number 0 occurs, which upb only refuses outside of unknown groups."""
    return any(
        f.field_number == 0 or (f.wire_type == 3 and has_number_zero(f.data)) for f in fields)


def judge(kind, data):
    try:
        message = kind.FromString(data)
        hidden = [entry for inner in messages(message) for entry in hidden_entries(inner)]
        unknown = list(messages(message)) + [Empty.FromString(entry) for entry in hidden]
    except DecodeError:
        return b"\0", b""
    if any(has_number_zero(UnknownFieldSet(inner)) for inner in unknown):
        return b"\0", b""
    return b"\2" if hidden else b"\1", canonical(message)


def main():
    kind = load()
    if api_implementation.Type() != "upb":
        sys.exit("this protobuf is not built on upb")
    if sys.argv[1] == "make":
        rng = random.Random(int(sys.argv[2]))
        with open(sys.argv[4], "wb") as out:
            for _ in range(int(sys.argv[3])):
                data = random_input(rng, kind)
                write(out, data, *judge(kind, data))
    elif sys.argv[1] == "judge":
        with open(sys.argv[2]) as lines, open(sys.argv[3], "wb") as out:
            for line in lines:
                data = bytes.fromhex(line)
                write(out, data, *judge(kind, data))
    else:
        compare(kind)


def compare(kind):
    """Fails at the first case that upb reads differently from what we wrote for it."""
    with open(sys.argv[2], "rb") as cases, open(sys.argv[3]) as ours:
        values = read(cases)
        for data, accepted, expected in zip(values, values, values):
            if accepted != b"\1":
                continue
            output = bytes.fromhex(next(ours))
            verdict, again = judge(kind, output)
            if verdict == b"\0" or again != expected:
                sys.exit(f"{data.hex()}\nupb: {expected.hex()}\nwe:  {output.hex()}")


main()
