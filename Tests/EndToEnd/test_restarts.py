"""Restarts of linkd while calls go on, at a socket that outlives it: none of them fails."""

import socket
import time

import pytest
from conftest import BIN, Linkd
from load import LIST_ACCOUNTS, Callers, LoadClient


class ActivatedLinkd(Linkd):
    """linkd at a socket that outlives it, as a systemd socket unit would have it."""

    def __init__(self, start, folder, x_url):
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        super().__init__(start, folder, x_url)

    def serve(self):
        raw = self.socket.fileno()
        script = f'exec 3<&{raw} && LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"'
        self.process = self._start(
            "bash", "-c", script, "bash", BIN / "linkd", "serve", "--data", self.data, "--listen",
            "systemd", "--x-base-url", self._x_url, pass_fds=[raw])
        self.address = self.process.wait_for("listening on ")


def list_request():
    from link.v1 import link_service_pb2 as schema

    return schema.ListAccountsRequest(parent="profiles/ann")


def tokens(linkd, folder, count):
    """Files with tokens of so many tenants, for one may only call so often."""
    files = [folder / f"token-{number}" for number in range(count)]
    for number, file in enumerate(files):
        file.write_text(linkd.linkctl(
            "tokens", "create", "--tenant", f"tenant-{number}", "--scopes", "read").stdout)
    return files


def restart_under_load(processes, folder, x_url, rate, threads, restarts, calls):
    """Restarts linkd after every so many calls of each client; what became of the calls."""
    from link.v1 import link_service_pb2_grpc

    linkd = ActivatedLinkd(processes, folder, x_url)
    files = tokens(linkd, folder, 3)

    def list_accounts(channel):
        link_service_pb2_grpc.LinkServiceStub(channel).ListAccounts(
            list_request(), timeout=30, metadata=[("authorization", f"Bearer {linkd.token}")])

    options = [option for file in files for option in ("--token-file", file)]
    ours = LoadClient(
        processes, linkd.address, rate, "--method", LIST_ACCOUNTS, "--request",
        list_request().SerializeToString().hex(), "--connections", 3, "--timeout", 30, "--retry",
        *options)
    start, theirs = time.monotonic(), Callers(linkd.address, list_accounts, threads)
    try:
        for _ in range(restarts):
            ours.wait_for(calls)
            theirs.wait_for(calls // 10)
            assert linkd.process.stop() == 0
            linkd.serve()
        ours.wait_for(calls)
        theirs.wait_for(calls // 10)
    finally:
        theirs.stop()
    seconds = time.monotonic() - start
    codes = ours.finish()
    print(f"{restarts} restarts in {seconds:.1f} s; grpcio {theirs.calls / seconds:.0f} calls a second")
    assert theirs.failures == []
    assert set(codes) == {"OK"}, codes
    assert ours.report["left_out"] == 0


def test_restarts_under_load_fail_no_call(processes, tmp_path, fakex):
    restart_under_load(
        processes, tmp_path, fakex.url, rate=100, threads=8, restarts=3, calls=100)


@pytest.mark.long
@pytest.mark.seconds(600)
def test_restarts_at_two_thousand_calls_a_second_fail_no_call(processes, tmp_path, fakex):
    restart_under_load(
        processes, tmp_path, fakex.url, rate=2000, threads=8, restarts=10, calls=6000)
