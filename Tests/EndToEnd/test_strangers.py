"""What whoever has no token can take from linkd: descriptors, places for calls."""

import contextlib
import pathlib
import re
import resource
import socket

import grpc
import pytest
from conftest import Linkd
from hostile.wire import (
    ACK, END_HEADERS, END_STREAM, HEADERS, MAGIC, RST_STREAM, Wire, data, headers, literal, message,
    settings)
from test_server_life import list_accounts, log_says, validate_keys


class Limited:
    """Starts programs that may open no more descriptors."""

    def __init__(self, start, soft, hard):
        self._start, self._limits, self.linkds = start, (soft, hard), start.linkds

    def __call__(self, *arguments, **options):
        def limit():
            resource.setrlimit(resource.RLIMIT_NOFILE, self._limits)

        return self._start(*arguments, preexec_fn=limit, **options)


@contextlib.contextmanager
def idle_connections(address, count):
    """So many connections that speak HTTP/2 and want nothing."""
    host, port = address.rsplit(":", 1)
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            one = stack.enter_context(socket.create_connection((host, int(port)), 20))
            # Whoever is turned away may be so already.
            with contextlib.suppress(OSError):
                one.sendall(MAGIC + settings() + settings(flags=ACK))
        yield


def put_key_set(channel, linkd, fakex):
    from link.v1 import link_service_pb2_grpc, provider_pb2
    from link.v1.key_set_pb2 import PutKeySetRequest

    keys = provider_pb2.ConsumerKeys(consumer_key=fakex.key, consumer_secret=fakex.secret)
    request = PutKeySetRequest(
        name="profiles/ann/keySets/main", provider=provider_pb2.PROVIDER_X, keys=keys)
    return link_service_pb2_grpc.LinkServiceStub(channel).PutKeySet(
        request, timeout=30, metadata=[("authorization", f"Bearer {linkd.token}")])


def is_healthy(channel):
    return channel.unary_unary("/grpc.health.v1.Health/Check")(b"", timeout=20) == b"\x08\x01"


def test_idle_strangers_leave_descriptors_for_everything_else(processes, tmp_path, fakex):
    linkd = Linkd(Limited(processes, 300, 300), tmp_path, fakex.url)
    assert " connections=44 " in log_says(linkd.process, "fewer connections") + " "
    with grpc.insecure_channel(linkd.address) as channel:
        assert is_healthy(channel)
        with idle_connections(linkd.address, 400):
            put_key_set(channel, linkd, fakex)
            assert validate_keys(channel, linkd, 30, fakex.key).code() == grpc.StatusCode.OK
            assert is_healthy(channel)
            assert linkd.process.process.poll() is None
    assert "too_many_connections" in linkd.process.log.read_text()


def test_linkd_takes_all_descriptors_that_it_may_have(processes, tmp_path, fakex):
    linkd = Linkd(Limited(processes, 64, 2000), tmp_path, fakex.url)
    limits = pathlib.Path(f"/proc/{linkd.process.pid}/limits").read_text()
    assert re.search(r"^Max open files +2000 +2000 ", limits, re.M)


# Requests that do not come


def begin_calls(port, path, body=b""):
    """A hundred calls of which only the header fields come, or all."""
    wire = Wire(port)
    block = (b"\x83\x86" + literal(":path", path) + literal(":authority", "test")
             + literal("content-type", "application/grpc") + literal("te", "trailers"))
    for stream in range(1, 200, 2):
        wire.send(headers(stream, block, END_HEADERS)
                  + (data(stream, body, END_STREAM) if body else b""))
    return wire


@pytest.mark.long
def test_calls_whose_requests_never_come_end_without_a_token(processes, tmp_path, fakex):
    linkd = Linkd(processes, tmp_path, fakex.url)
    port = int(linkd.address.rsplit(":", 1)[1])
    with contextlib.ExitStack() as stack:
        wires = [stack.enter_context(begin_calls(port, "/link.v1.LinkService/ListAccounts"))
                 for _ in range(101)]
        assert all(wire.wait_for(lambda: wire.count(RST_STREAM) == 100) for wire in wires)
        with grpc.insecure_channel(linkd.address) as channel:
            list_accounts(channel, linkd)
    assert "reason=slow_sender" in linkd.process.log.read_text()


def test_those_who_watch_take_no_room_from_calls(processes, tmp_path, fakex):
    """More of them than there may be calls, and nobody has asked them for a token."""
    linkd = Linkd(processes, tmp_path, fakex.url)
    port = int(linkd.address.rsplit(":", 1)[1])
    with contextlib.ExitStack() as stack:
        wires = [stack.enter_context(begin_calls(port, "/grpc.health.v1.Health/Watch", message()))
                 for _ in range(101)]
        # Each is answered, with a status of the server or with none of its own.
        assert all(wire.wait_for(lambda: wire.count(HEADERS) == 100) for wire in wires)
        with grpc.insecure_channel(linkd.address) as channel:
            list_accounts(channel, linkd)
            assert is_healthy(channel)
