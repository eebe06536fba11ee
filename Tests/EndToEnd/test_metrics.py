"""What linkd tells of itself in numbers, to whom, and that no secret is among them."""

import http.client
import re
import socket
import time
import urllib.error
import urllib.request

import grpc
import pytest
from conftest import BIN, CALLBACK, Linkd, complete_request, run, start_request
from hostile.wire import Wire
from load import LIST_ACCOUNTS, LoadClient
from secrets_search import leaks
from test_server_life import list_accounts, log_says, validate_keys
from test_strangers import begin_calls


class Counted(Linkd):
    """linkd that answers GET /metrics."""

    def __init__(self, start, folder, x_url, *options, at="127.0.0.1:0"):
        super().__init__(start, folder, x_url, "--metrics", at, *options)

    def serve(self):
        super().serve()
        self.metrics_address = self.process.wait_for("metrics on ")

    def metrics_text(self):
        with urllib.request.urlopen(f"http://{self.metrics_address}/metrics", timeout=20) as answer:
            assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
            return answer.read().decode()

    def metrics(self):
        return parse(self.metrics_text())


def parse(text):
    """The samples of Prometheus' text format, by their names with labels; fails if it is none."""
    samples, kinds = {}, {}
    for line in text.splitlines():
        if line.startswith("#"):
            _, what, name, rest = line.split(" ", 3)
            assert what in ("HELP", "TYPE")
            if what == "TYPE":
                assert name not in kinds
                kinds[name] = rest
            continue
        name, value = re.fullmatch(r'([a-z_]+(?:\{[a-z_]+="[^"\\]*"(?:,[a-z_]+="[^"\\]*")*\})?) (\S+)',
                                   line).groups()
        assert name not in samples
        base = re.sub(r"\{.*", "", name)
        assert base in kinds or re.sub(r"_(bucket|sum|count)$", "", base) in kinds
        samples[name] = float(value)
    assert len(samples) < 1000
    return samples


def calls(method, code, service="link.v1.LinkService"):
    # In the order in which they are written.
    return f'linkd_calls_total{{method="/{service}/{method}",code="{code}"}}'


@pytest.fixture
def counted(processes, tmp_path, fakex):
    return Counted(processes, tmp_path, fakex.url)


def test_counters_move_by_the_calls_that_were_made(counted, fakex):
    before = counted.metrics()
    with grpc.insecure_channel(counted.address) as channel:
        for _ in range(3):
            list_accounts(channel, counted)
        for _ in range(2):
            with pytest.raises(grpc.RpcError):
                channel.unary_unary("/link.v1.LinkService/ListAccounts")(b"", timeout=20)
        assert validate_keys(channel, counted, 30, fakex.key).code() == grpc.StatusCode.OK
        # What is not there makes no series.
        with pytest.raises(grpc.RpcError):
            channel.unary_unary("/link.v1.LinkService/Nothing")(b"", timeout=20)
        assert channel.unary_unary("/grpc.health.v1.Health/Check")(b"", timeout=20)
        after = counted.metrics()
        assert after["linkd_connections"] == before["linkd_connections"] + 1
    moved = {name: value - before.get(name, 0) for name, value in after.items()
             if name.startswith("linkd_calls_total") and value != before.get(name, 0)}
    assert moved == {
        calls("ListAccounts", "OK"): 3, calls("ListAccounts", "UNAUTHENTICATED"): 2,
        calls("ValidateKeys", "OK"): 1, calls("Check", "OK", "grpc.health.v1.Health"): 1}
    histogram = 'linkd_call_seconds_%s{method="/link.v1.LinkService/ListAccounts"%s}'
    assert after[histogram % ("count", "")] == 5
    assert after[histogram % ("bucket", ',le="+Inf"')] == 5
    assert after[histogram % ("sum", "")] > 0
    asked = {name for name, value in after.items()
             if name.startswith("linkd_provider_requests_total") and value}
    assert 'linkd_provider_requests_total{question="request_token"}' in asked
    assert after["linkd_store_failed"] == 0
    assert after["process_open_fds"] > 10 and after["process_resident_memory_bytes"] > 1 << 20
    assert abs(after["process_start_time_seconds"] - time.time()) < 60


def test_calls_under_way_and_refusals_are_counted(counted):
    port = int(counted.address.rsplit(":", 1)[1])
    # As many as one connection may have: the rest of none of them has come.
    with begin_calls(port, "/link.v1.LinkService/ListAccounts") as wire:
        assert wire.is_alive()
        assert counted.metrics()["linkd_calls_under_way"] == 100
    with Wire(port, opening=b"\0" * 100) as wire:
        assert wire.wait_for_end()
    # One that is none of HTTP/2's, whatever its reason is called.
    refusals = {name: value for name, value in counted.metrics().items()
                if name.startswith("linkd_refusals_total")}
    assert sum(refusals.values()) == 1
    deadline = time.monotonic() + 20
    while counted.metrics()["linkd_calls_under_way"] and time.monotonic() < deadline:
        time.sleep(0.05)
    assert counted.metrics()["linkd_calls_under_way"] == 0


def test_calls_that_are_turned_away_are_logged_once_for_a_connection(counted):
    port = int(counted.address.rsplit(":", 1)[1])
    with begin_calls(port, "/grpc.health.v1.Health/Watch", b"\0\0\0\0\0") as wire:
        assert wire.is_alive()
        refusals = 'linkd_refusals_total{reason="too_many_exempt_calls"}'
        assert counted.metrics()[refusals] == 96
    log_says(counted.process, "reason=too_many_exempt_calls")
    assert counted.process.log.read_text().count("reason=too_many_exempt_calls") == 1


def test_metrics_are_answered_while_there_is_too_much_to_do(processes, tmp_path, fakex):
    linkd = Counted(processes, tmp_path, fakex.url, "--loops", "1")
    load = LoadClient(
        processes, linkd.address, 20_000, "--method", LIST_ACCOUNTS, "--request",
        "0a0c70726f66696c65732f616e6e", "--token-file", linkd.token_file, "--connections", 20,
        "--timeout", 60, "--most", 2000)
    load.wait_for(500)
    most = 0
    for _ in range(5):
        most = max(most, linkd.metrics()["linkd_calls_under_way"])
        time.sleep(0.2)
    assert most > 0
    load.finish()


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", "192.0.2.1:9090", "systemd"])
def test_metrics_are_for_this_machine_alone(tmp_path, address):
    run(BIN / "linkd", "init", "--data", tmp_path / "data")
    done = run(BIN / "linkd", "serve", "--data", tmp_path / "data", "--listen", "127.0.0.1:0",
               "--metrics", address, status=64)
    assert "metrics are for this machine alone" in done.stderr and done.stdout == ""


def test_an_address_in_use_is_said_so(processes, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        run(BIN / "linkd", "init", "--data", tmp_path / "data")
        done = run(BIN / "linkd", "serve", "--data", tmp_path / "data", "--listen", "127.0.0.1:0",
                   "--metrics", f"127.0.0.1:{other.getsockname()[1]}", status=75)
    assert "cannot listen on" in done.stderr


def test_metrics_may_be_asked_for_at_a_path(processes, tmp_path, fakex):
    path = tmp_path / "metrics.sock"
    linkd = Counted(processes, tmp_path, fakex.url, at=f"unix:{path}")
    assert linkd.metrics_address == f"unix:{path}"
    connection = http.client.HTTPConnection("localhost", timeout=20)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(str(path))
    connection.request("GET", "/metrics")
    answer = connection.getresponse()
    assert answer.status == 200 and parse(answer.read().decode())["linkd_store_failed"] == 0
    connection.close()
    assert linkd.process.stop() == 0
    assert not path.exists()


def test_nothing_else_is_answered_there(counted):
    for path, method, status in [("/", "GET", 404), ("/metrics", "POST", 405), ("/x", "POST", 404)]:
        request = urllib.request.Request(
            f"http://{counted.metrics_address}{path}", method=method)
        with pytest.raises(urllib.error.HTTPError) as raised:
            urllib.request.urlopen(request, timeout=20)
        assert raised.value.code == status


def test_no_secret_is_in_the_metrics(counted, fakex):
    keys = fakex.key, fakex.secret
    started = counted.call("StartLink", start_request(keys, profile="secret-profile"))
    back = fakex.visit(started.authorize_url)
    assert back.startswith(CALLBACK)
    counted.call("CompleteLink", complete_request(started, back, profile="secret-profile"))
    secrets = {
        "token": counted.token, "key": keys[0], "secret": keys[1],
        "link secret": started.link_secret, "profile": "secret-profile"}
    text = counted.metrics_text()
    assert calls("CompleteLink", "OK") in text
    assert leaks({name: secret if isinstance(secret, bytes) else secret.encode()
                  for name, secret in secrets.items()}, {"metrics": text.encode()}) == []
