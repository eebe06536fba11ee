"""Attacks over a socket, beside a victim of grpcio: section by section of the checks T4 to T36.

Of each attack: the attacker is told why and counted once, the victim does not notice, and the server
has back afterwards what it had before. And each attack succeeds once its defence is switched off.
"""

import contextlib
import itertools
import time

import pytest
from conftest import BIN
from hostile import attacks, waits
from hostile.server import Target, Victim
from hostile.wire import *

SERVER = BIN / "interop-server"
MEBIBYTE = 1 << 20
# The slowest of a hundred calls of the victim: generous, for the machine is shared with other tests.
SLOWEST_CALL = 2.0


@pytest.fixture(scope="module")
def module_processes(tmp_path_factory):
    from conftest import Process

    running = []
    folder = tmp_path_factory.mktemp("hostile")

    def start(*arguments, name):
        process = Process(arguments, folder / f"{name}-{len(running)}.log")
        running.append(process)
        return process

    yield start
    for process in running:
        if process.process.poll() is None:
            process.kill()


@pytest.fixture(scope="module")
def target(module_processes):
    """A server with all its defences, and waits that a test can wait for."""
    return Target(module_processes, SERVER, "--hurry")


@pytest.fixture(scope="module")
def undefended(module_processes):
    """Servers without some of their defences, started when they are needed."""
    servers = {}

    def get(*names):
        # PINGs are how a test sees that a server is still there.
        names = tuple(dict.fromkeys((*names, "pings")))
        if names not in servers:
            options = itertools.chain.from_iterable(("--without", name) for name in names)
            servers[names] = Target(module_processes, SERVER, "--hurry", *options)
        return servers[names]

    return get


class Watched:
    """A server, a victim that calls it, and what the server had before."""

    def __init__(self, target, refusals=1):
        self.target, self.victim, self.allowed = target, Victim(target.address), refusals
        self.before = target.descriptors, target.resident_bytes, len(target.refusals)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        time.sleep(0.1)
        self.victim.stop()
        if kind is None:
            self.check()

    def check(self):
        descriptors, resident, refusals = self.before
        assert self.victim.failures == []
        assert self.victim.p99 < SLOWEST_CALL
        # The victim's own connection is closed by now.
        assert self.target.settle(descriptors) <= descriptors
        assert self.target.resident_bytes - resident < 32 * MEBIBYTE
        assert len(self.target.refusals) <= refusals + self.allowed


def name_of(wire):
    return "%s:%d" % wire.socket.getsockname()


@pytest.mark.parametrize("flood", attacks.FLOODS, ids=str)
def test_a_flood_ends_at_its_limit(target, flood):
    with Watched(target) as watched:
        with flood.run(target.port) as wire:
            assert watched.target.reasons_for(name_of(wire)) == [flood.reason]
            if flood.reads:
                assert wire.wait_for_end()
                assert wire.go_aways[-1][0] == flood.code
                if flood.reason.startswith("too_many_") and flood.reason != "too_many_continuations":
                    assert wire.go_aways[0][1] == flood.reason


# HTTP2Tests has the same every day, frame by frame.
@pytest.mark.long
@pytest.mark.parametrize(
    "flood", [f for f in attacks.FLOODS if f.without and f.reads], ids=str)
def test_without_its_defence_a_flood_goes_on(undefended, flood):
    server = undefended(*flood.without)
    with flood.crawl(server.port) as wire:
        assert server.reasons_for(name_of(wire), seconds=0.1 if flood.in_block else 0) == []
        assert wire.ended_at is None and wire.go_aways == []
        assert flood.in_block or wire.is_alive()


def test_T10_T20_T21_T22_T36_whoever_keeps_a_server_waiting_is_sent_away(target):
    with Watched(target, refusals=len(waits.WAITS)), contextlib.ExitStack() as stack:
        attackers = [(attack, reason, stack.enter_context(attack(target.port)))
                     for attack, reason, _ in waits.WAITS]
        for attack, reason, wire in attackers:
            assert target.reasons_for(name_of(wire)) == [reason], attack.__doc__


def test_without_its_defence_a_server_waits(undefended):
    with contextlib.ExitStack() as stack:
        attackers = []
        for attack, _, without in waits.WAITS:
            server = undefended(*without)
            attackers.append((server, stack.enter_context(attack(server.port))))
        # Longer than it takes where there is a defence.
        time.sleep(5)
        for server, wire in attackers:
            assert server.reasons_for(name_of(wire), seconds=0) == [], server.process.arguments
            assert wire.ended_at is None


def test_T19_answers_that_are_read_byte_by_byte_are_reset(target):
    with Watched(target):
        with waits.data_dribble(target.port) as wire:
            resets = [f for f in wire.frames if f[0] == RST_STREAM]
            assert len(resets) == 100
            # Some got a byte for each update, and none much more.
            assert wire.body_size() < 64 * 1024
            assert wire.is_alive()


def test_T23_a_length_that_is_only_announced_takes_no_memory(target):
    before = target.resident_bytes
    with Wire(target.port) as wire:
        promise = b"\0" + struct.pack(">I", 4 * MEBIBYTE - 1) + b"x"
        wire.send(b"".join(
            headers(s, call("UnaryCall"), attacks.UPLOAD) + data(s, promise)
            for s in range(1, 200, 2)))
        assert wire.is_alive()
        assert wire.ended_at is None and target.resident_bytes - before < 16 * MEBIBYTE


def test_T24_a_message_of_frames_of_one_byte_takes_no_more_than_itself(target):
    before = target.resident_bytes
    # A field that the schema does not know: it is kept, and so must arrive.
    size = 60_000
    content = message(b"\x7a" + varint(size) + size * b"x")
    with Watched(target):
        with Wire(target.port) as wire:
            assert wire.send(headers(1, call("UnaryCall"), attacks.UPLOAD))
            assert wire.send(b"".join(data(1, content[i:i + 1]) for i in range(len(content))))
            assert wire.send(data(1, b"", END_STREAM))
            assert wire.wait_for(lambda: wire.count(HEADERS) == 2)
            assert target.resident_bytes - before < 8 * MEBIBYTE


def test_T29_what_follows_an_error_of_the_connection_is_not_read(target):
    with Wire(target.port) as wire:
        wire.send(data(1, b"x") + frame(WINDOW_UPDATE, 0, 1, b"\0") + b"\xff" * 100_000)
        assert wire.wait_for_end()
        assert wire.go_aways[-1][0] == PROTOCOL_ERROR
    with Wire(target.port) as wire:
        assert wire.is_alive()


def test_T33_one_address_may_have_so_many_connections(module_processes):
    target = Target(module_processes, SERVER, "--connections-per-address", "10")
    with Watched(target):
        wires = [Wire(target.port) for _ in range(9)]
        assert all(wire.is_alive() for wire in wires)
        with Wire(target.port) as one_more:
            assert one_more.wait_for_end() and one_more.frames == []
            assert target.reasons_for(name_of(one_more)) == ["too_many_connections_from_address"]
        for wire in wires:
            wire.close()


def test_after_all_attacks_the_server_is_idle(target):
    before = target.cpu_seconds
    time.sleep(1)
    assert target.cpu_seconds - before < 0.05
    assert target.threads < 20
