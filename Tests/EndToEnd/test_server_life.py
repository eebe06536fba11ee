"""How linkd's server is reached, renewed and ended: sockets, certificates, signals."""

import collections
import os
import re
import signal
import socket
import ssl
import subprocess
import time

import grpc
import pytest
from conftest import BIN, Certificate, Linkd, run

LINKD = BIN / "linkd"


def log_says(process, text, seconds=20):
    """Waits until the log has a line with `text`; the line."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for line in process.log.read_text().splitlines():
            if text in line:
                return line
        time.sleep(0.02)
    raise AssertionError(f"no '{text}' in the log:\n{process.log.read_text()}")


def list_accounts(channel, linkd, **options):
    from link.v1 import link_service_pb2 as schema, link_service_pb2_grpc

    return link_service_pb2_grpc.LinkServiceStub(channel).ListAccounts(
        schema.ListAccountsRequest(parent="profiles/ann"), timeout=30,
        metadata=[("authorization", f"Bearer {linkd.token}")], **options)


def validate_keys(channel, linkd, timeout, key="k" * 25):
    """A call that needs the provider, under way."""
    from link.v1 import link_service_pb2 as schema, link_service_pb2_grpc, provider_pb2

    keys = provider_pb2.ConsumerKeys(consumer_key=key, consumer_secret="s" * 50)
    request = schema.ValidateKeysRequest(
        provider=provider_pb2.PROVIDER_X, keys=keys, callback_url="https://app.example/x")
    return link_service_pb2_grpc.LinkServiceStub(channel).ValidateKeys.future(
        request, timeout=timeout, metadata=[("authorization", f"Bearer {linkd.token}")])


def shown_certificate(address, **options):
    """The certificate that a server shows, as bytes."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    host, port = address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), 20) as raw:
        with context.wrap_socket(raw, server_hostname=host) as wrapped:
            return wrapped.getpeercert(binary_form=True)


# Signals


def test_a_second_signal_ends_it_at_once(processes, tmp_path):
    """The first waits for a call under way, which has all of the grace."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        linkd = Linkd(processes, tmp_path, f"http://127.0.0.1:{silent.getsockname()[1]}")
        with grpc.insecure_channel(linkd.address) as channel:
            call = validate_keys(channel, linkd, timeout=60)
            silent.settimeout(20)
            provider, _ = silent.accept()  # Held open, and never answered.
            process = linkd.process.process
            process.send_signal(signal.SIGTERM)
            log_says(linkd.process, "shutting down")
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(1)
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
            assert "asked again" in linkd.process.log.read_text()
            assert call.code() != grpc.StatusCode.OK
            provider.close()


def test_a_renewed_certificate_is_taken_over_without_a_restart(
        processes, tmp_path, fakex, certificate):
    folder = tmp_path / "tls"
    folder.mkdir()
    mine = Certificate(folder)
    linkd = Linkd(processes, tmp_path, fakex.url, certificate=mine)
    before = shown_certificate(linkd.address)
    credentials = grpc.ssl_channel_credentials(mine.ca.read_bytes())
    with grpc.secure_channel(linkd.address, credentials) as channel:
        list_accounts(channel, linkd)
        # One that cannot be used changes nothing.
        chain = mine.chain.read_bytes()
        mine.chain.write_text("no certificate\n")
        linkd.process.process.send_signal(signal.SIGHUP)
        log_says(linkd.process, "the certificate was not replaced")
        assert shown_certificate(linkd.address) == before
        mine.chain.write_bytes(chain)
        mine.key.chmod(0o644)
        linkd.process.process.send_signal(signal.SIGHUP)
        log_says(linkd.process, "others may read or change the private key")
        mine.key.chmod(0o600)
        Certificate(folder)
        linkd.process.process.send_signal(signal.SIGHUP)
        log_says(linkd.process, "the certificate was read again")
        assert shown_certificate(linkd.address) != before
        # Connections that exist go on.
        list_accounts(channel, linkd)


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o660])
def test_a_private_key_that_others_can_read_is_refused(tmp_path, mode):
    folder = tmp_path / "tls"
    folder.mkdir()
    mine = Certificate(folder)
    mine.key.chmod(mode)
    run(LINKD, "init", "--data", tmp_path / "data")
    done = run(
        LINKD, "serve", "--data", tmp_path / "data", "--listen", "127.0.0.1:0", "--tls-cert",
        mine.chain, "--tls-key", mine.key, status=78)
    assert "others may read or change the private key" in done.stderr and "chmod" in done.stderr


# Where it listens


def test_it_can_be_reached_by_a_path_alone(processes, tmp_path, fakex):
    path = tmp_path / "linkd.sock"
    linkd = Linkd(processes, tmp_path, fakex.url, "--listen", f"unix:{path}")
    with grpc.insecure_channel(f"unix:{path}") as channel:
        list_accounts(channel, linkd)
    assert path.stat().st_mode & 0o007 == 0
    line = log_says(linkd.process, "method=/link.v1.LinkService/ListAccounts")
    assert f"uid={os.getuid()}" in line
    # What is left of one that was killed is no obstacle.
    linkd.process.kill()
    assert path.exists()
    linkd.serve()
    assert linkd.process.stop() == 0
    assert not path.exists()


def test_without_a_socket_nothing_is_handed_over(tmp_path):
    run(LINKD, "init", "--data", tmp_path / "data")
    done = run(LINKD, "serve", "--data", tmp_path / "data", "--listen", "systemd", status=64)
    assert "no socket was handed over" in done.stderr


# A peer that asks too much


def test_a_refused_peer_is_logged_once_with_what_it_did(linkd):
    host, port = linkd.address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), 20) as raw:
        ping = b"\0\0\x08\x06\0\0\0\0\0pingpong"
        raw.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\x04\0\0\0\0\0" + 100 * ping)
        while raw.recv(65536):
            pass
        name = "%s:%d" % raw.getsockname()
    line = log_says(linkd.process, " refused")
    assert "reason=too_many_pings" in line and f"peer={name}" in line
    assert re.search(r'frames="[^"]*pings \d+', line)
    linkd.process.stop()
    assert linkd.process.log.read_text().count(" refused") == 1


# A provider that does not answer


# HTTPClient's limit; what is beyond waits for one of them.
PROVIDER_CONNECTIONS = 64


def accept_all(listener, count):
    """So many connections, and no more for a moment."""
    listener.settimeout(20)
    accepted = [listener.accept()[0] for _ in range(count)]
    listener.settimeout(0.3)
    with pytest.raises(TimeoutError):
        listener.accept()
    return accepted


def test_T147_only_calls_that_need_the_provider_wait_for_it(processes, tmp_path):
    with socket.create_server(("127.0.0.1", 0), backlog=256) as silent:
        linkd = Linkd(processes, tmp_path, f"http://127.0.0.1:{silent.getsockname()[1]}")
        with grpc.insecure_channel(linkd.address) as channel:
            # Not of one key: nobody has that examined more than thirty times.
            waiting = [validate_keys(channel, linkd, 5, f"key{number}") for number in range(80)]
            provider = accept_all(silent, PROVIDER_CONNECTIONS)
            list_accounts(channel, linkd)
            health = channel.unary_unary("/grpc.health.v1.Health/Check")
            assert health(b"", timeout=20) == b"\x08\x01"
            # One tenant has so many questions under way and no more.
            assert collections.Counter(call.code() for call in waiting) == {
                grpc.StatusCode.DEADLINE_EXCEEDED: 64, grpc.StatusCode.RESOURCE_EXHAUSTED: 16}
            list_accounts(channel, linkd)
            for connection in provider:
                connection.close()
        assert linkd.process.stop() == 0
