"""HTTP/2 by hand: frames and header blocks that may be wrong, over a plain socket.

It knows no library, so that it can do what none of them would.
"""

import socket
import struct
import threading
import time

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING = 0, 1, 2, 3, 4, 6
GOAWAY, WINDOW_UPDATE, CONTINUATION, PRIORITY_UPDATE = 7, 8, 9, 16
END_STREAM, ACK, END_HEADERS, PADDED = 1, 1, 4, 8
NO_ERROR, PROTOCOL_ERROR, FLOW_CONTROL_ERROR, CANCEL, ENHANCE_YOUR_CALM = 0, 1, 3, 8, 11
MAGIC = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def settings(entries=(), flags=0):
    return frame(SETTINGS, flags, 0, b"".join(struct.pack(">HI", *entry) for entry in entries))


def headers(stream, block, flags=END_HEADERS | END_STREAM):
    return frame(HEADERS, flags, stream, block)


def data(stream, payload=b"", flags=0):
    return frame(DATA, flags, stream, payload)


def reset(stream, code=CANCEL):
    return frame(RST_STREAM, 0, stream, struct.pack(">I", code))


def priority(stream, parent=0):
    return frame(PRIORITY, 0, stream, struct.pack(">IB", parent, 15))


def window_update(stream, increment):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", increment))


def ping(payload=b"pingpong", flags=0):
    return frame(PING, flags, 0, payload)


def literal(name, value):
    """A field without compression or indexing (RFC 7541, 6.2.2); both shorter than 127 bytes."""
    name, value = name.encode("latin-1"), value.encode("latin-1")
    return bytes([0, len(name)]) + name + bytes([len(value)]) + value


def call(method="EmptyCall", *fields, authority="test"):
    """The header block of a call of grpc.testing.TestService."""
    return (b"\x83\x86" + literal(":path", f"/grpc.testing.TestService/{method}")
            + literal(":authority", authority) + literal("content-type", "application/grpc")
            + literal("te", "trailers") + b"".join(literal(*field) for field in fields))


def message(payload=b""):
    """A message in gRPC's frame."""
    return b"\0" + struct.pack(">I", len(payload)) + payload


def varint(number):
    """As protobuf writes it."""
    written = bytearray()
    while number > 127:
        written.append(number & 127 | 128)
        number >>= 7
    return bytes([*written, number])


def stream_number(index):
    return 2 * index + 1


class Wire:
    """One connection; with a reader, what comes is read and kept frame by frame."""

    def __init__(self, port, opening=settings(), reads=True, receive_buffer=None, answers=True):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.connect(("127.0.0.1", port))
        self.frames, self.ended_at = [], None
        # Whether it acknowledges, as long as it has begun to speak HTTP/2.
        self.answers = answers and opening is not None
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        if opening is not None:
            self.send(MAGIC + opening)
        if reads:
            self._reader.start()

    def send(self, content):
        """Sends what is taken; whether all was."""
        try:
            self.socket.sendall(content)
            return True
        except OSError:
            return False

    def _read(self):
        rest = b""
        try:
            while part := self.socket.recv(1 << 20):
                rest = self._take(rest + part)
        except OSError:
            pass
        with self._changed:
            self.ended_at = time.monotonic()
            self._changed.notify_all()

    def _take(self, rest):
        while len(rest) >= 9 and len(rest) >= 9 + (size := int.from_bytes(rest[:3], "big")):
            kind, flags, stream = rest[3], rest[4], int.from_bytes(rest[5:9], "big")
            payload, rest = rest[9:9 + size], rest[9 + size:]
            if kind == SETTINGS and not flags & ACK and self.answers:
                self.send(settings(flags=ACK))
            elif kind == PING and not flags & ACK and self.answers:
                self.send(ping(payload, ACK))
            with self._changed:
                self.frames.append((kind, flags, stream, payload))
                self._changed.notify_all()
        return rest

    def wait_for(self, condition, seconds=60):
        """Until `condition` is true or the server has closed; whether it is true."""
        with self._changed:
            self._changed.wait_for(lambda: condition() or self.ended_at, seconds)
            return bool(condition())

    def is_alive(self, seconds=20):
        """Whether the server answers, after all that was sent before."""
        marker = struct.pack(">d", time.monotonic())
        self.send(ping(marker))
        return self.wait_for(
            lambda: any(f[0] == PING and f[1] & ACK and f[3] == marker for f in self.frames), seconds)

    def wait_for_end(self, seconds=60):
        self.wait_for(lambda: False, seconds)
        return self.ended_at is not None

    @property
    def go_aways(self):
        """Code and text of each."""
        return [(int.from_bytes(payload[4:8], "big"), payload[8:].decode())
                for kind, _, _, payload in list(self.frames) if kind == GOAWAY]

    def count(self, kind):
        return sum(f[0] == kind for f in list(self.frames))

    def body_size(self, stream=None):
        return sum(len(f[3]) for f in list(self.frames)
                   if f[0] == DATA and stream in (None, f[2]))

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        if self._reader.ident:
            self._reader.join(20)
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
