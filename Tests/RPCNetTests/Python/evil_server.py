"""A server that speaks HTTP/2 as far as it has to, and then does what the path of the request says.

Prints its port, and ends when its input does; every connection serves one request. Frames are made
by hand, header blocks by `hpack`, so that both can be wrong. With the argument `http1` it answers
whoever comes as a server of HTTP/1.1 would.
"""

import gzip
import socket
import struct
import sys
import threading
import time

from hpack import Decoder, Encoder

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
END_STREAM, END_HEADERS = 1, 4
GRPC = [(":status", "200"), ("content-type", "application/grpc")]
EMPTY_MESSAGE = b"\0\0\0\0\0"
FOREVER = 1 << 30


def frame(kind, flags=0, stream=1, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(
        ">I", stream) + payload


def headers(fields, end=False, flags=END_HEADERS):
    return frame(1, flags | end, payload=Encoder().encode(fields, huffman=False))


def data(payload, end=False):
    return frame(0, int(end), payload=payload)


def goaway(last, code):
    return frame(7, stream=0, payload=struct.pack(">II", last, code))


def only(status):
    return [headers(GRPC + [("grpc-status", status)], end=True)]


def html(status):
    return [headers([(":status", status), ("content-type", "text/html")]),
            data(b"<html>", end=True)]


def message(payload, *more):
    return [headers(GRPC + list(more)), data(payload)]


def ended(status="0"):
    return [headers([("grpc-status", status)], end=True)]


def compressed(payload):
    return b"\1" + struct.pack(">I", len(payload)) + payload


def frames(payload):
    return [data(payload[start:start + 16384]) for start in range(0, len(payload), 16384)]


def repeated(piece, pause=0.0):
    for _ in range(FOREVER):
        yield piece
        time.sleep(pause)


CASES = {
    "fine": lambda: message(EMPTY_MESSAGE) + ended(),
    "silence": list,
    "headers_without_end": lambda: [headers(GRPC, flags=0)],
    "endless_continuation": lambda: repeated_after(
        headers(GRPC, flags=0), frame(9, payload=Encoder().encode([("x", "y" * 100)]))),
    "large_headers": lambda: [headers(GRPC + [(f"x-{n}", "v" * 1000) for n in range(9)])],
    "many_headers": lambda: [headers(GRPC + [("x", "")] * 70)],
    "huge_prefix": lambda: message(b"\0\xff\xff\xff\xff"),
    "no_trailers": lambda: [headers(GRPC), data(EMPTY_MESSAGE, end=True)],
    "no_status": lambda: [headers(GRPC, end=True)],
    "no_message": lambda: [headers(GRPC)] + ended(),
    "status_abc": lambda: only("abc"),
    "status_99": lambda: only("99"),
    "status_empty": lambda: only(""),
    "status_minus": lambda: only("-1"),
    "status_long": lambda: only("0" * 100),
    "status_00": lambda: message(EMPTY_MESSAGE) + ended("00"),
    "html_200": lambda: html("200"),
    "html_404": lambda: html("404"),
    "html_503": lambda: html("503"),
    "no_http_status": lambda: [headers(GRPC[1:], end=True)],
    "data_first": lambda: [data(EMPTY_MESSAGE)],
    "upper_case_name": lambda: [headers(GRPC + [("X-Upper", "v")])],
    "two_messages": lambda: message(EMPTY_MESSAGE * 2) + ended(),
    "flags": lambda: message(b"\2\0\0\0\0") + ended(),
    "compressed_without_encoding": lambda: message(compressed(gzip.compress(b""))) + ended(),
    "unknown_encoding": lambda: message(EMPTY_MESSAGE, ("grpc-encoding", "rot13")) + ended(),
    "gzip_garbage": lambda: message(compressed(b"garbage"), ("grpc-encoding", "gzip")) + ended(),
    "gzip_bomb": lambda: [headers(GRPC + [("grpc-encoding", "gzip")])] + frames(
        compressed(gzip.compress(bytes(32 << 20)))) + ended(),
    "truncated_message": lambda: message(b"\0\0\0\0\x0aabc") + ended(),
    "closed_in_message": lambda: message(b"\0\0\0\0\x0aabc") + [None],
    "goaway": lambda: [goaway(1, 1), None],
    "push_promise": lambda: [frame(5, END_HEADERS, payload=struct.pack(">I", 2) + b"\x82")],
    "bad_hpack": lambda: [frame(1, END_HEADERS, payload=b"\xff\xff\xff\xff\xff\xff")],
    "window_overflow": lambda: [frame(8, payload=struct.pack(">I", 0x7FFFFFFF))],
    "ping_flood": lambda: repeated(frame(6, stream=0, payload=b"pingpong") * 1000),
    # The same, a few at a time.
    "patient_ping_flood": lambda: repeated(frame(6, stream=0, payload=b"pingpong") * 250, 0.0005),
    "settings_flood": lambda: repeated(frame(4, stream=0) * 1000),
    "endless_1xx": lambda: repeated(headers([(":status", "103")]), 0.001),
    "drip": lambda: repeated_after(headers(GRPC) + data(b"\0\0\0\x40\0"), data(b"x"), 0.001),
}


def repeated_after(first, piece, pause=0.0):
    yield first
    yield from repeated(piece, pause)


def receive(peer, count):
    received = b""
    while len(received) < count:
        received += peer.recv(count - len(received)) or exit_thread()
    return received


def exit_thread():
    raise ConnectionError


def request(peer):
    """The path of the first request."""
    receive(peer, len(PREFACE))
    while True:
        head = receive(peer, 9)
        payload = receive(peer, int.from_bytes(head[:3], "big"))
        if head[3] == 1:
            return dict(Decoder().decode(payload))[":path"]


def serve(peer):
    try:
        peer.sendall(frame(4, stream=0))
        for piece in CASES[request(peer).rsplit("/", 1)[1]]():
            if piece is None:
                return
            peer.sendall(piece)
        while peer.recv(65536):
            pass
    except OSError:
        pass
    finally:
        peer.close()


def serve_http1(peer):
    try:
        peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        while peer.recv(65536):
            pass
    except OSError:
        pass
    finally:
        peer.close()


def accept(listener):
    kind = serve_http1 if sys.argv[1:] == ["http1"] else serve
    while True:
        threading.Thread(target=kind, args=(listener.accept()[0],), daemon=True).start()


listener = socket.create_server(("127.0.0.1", 0), backlog=100)
# Little is on its way to who does not read.
listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
threading.Thread(target=accept, args=(listener,), daemon=True).start()
print(f"listening on 127.0.0.1:{listener.getsockname()[1]}", flush=True)
sys.stdin.read()  # until the test closes it
