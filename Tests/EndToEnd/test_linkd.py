"""linkd's command line: what init makes, when serve refuses, how it ends."""

import os
import shutil
import signal
import socket
import stat
import subprocess

import pytest
from conftest import BIN, complete_request, run, start_request

LINKD = BIN / "linkd"


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def serve(data, *arguments, status):
    """A serve that must refuse; its standard error."""
    done = run(LINKD, "serve", "--data", data, "--listen", "127.0.0.1:0", *arguments, status=status)
    assert done.stdout == ""
    first = done.stderr.splitlines()[0]
    assert first.startswith("linkd: error: ") and not first.endswith(".")
    return done.stderr


@pytest.fixture
def data(tmp_path):
    run(LINKD, "init", "--data", tmp_path / "data")
    return tmp_path / "data"


# init


def test_init_prints_the_token_and_nothing_else(tmp_path):
    done = run(LINKD, "init", "--data", tmp_path / "data")
    assert done.stdout.startswith("linkd_") and done.stdout.count("\n") == 1
    assert done.stdout.strip() not in done.stderr


def test_what_init_makes_is_private_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        run(LINKD, "init", "--data", tmp_path / "data")
    finally:
        os.umask(before)
    assert mode(tmp_path / "data") == 0o700
    for path in (tmp_path / "data").rglob("*"):
        assert mode(path) == (0o700 if path.is_dir() else 0o600), path


def test_init_changes_nothing_where_something_is(data, tmp_path):
    before = {path: path.read_bytes() for path in data.rglob("*") if path.is_file()}
    done = run(LINKD, "init", "--data", data, status=78)
    assert done.stdout == "" and "is not empty" in done.stderr
    assert before == {path: path.read_bytes() for path in data.rglob("*") if path.is_file()}
    (tmp_path / "other").mkdir(mode=0o700)
    (tmp_path / "other" / "file").touch()
    run(LINKD, "init", "--data", tmp_path / "other", status=78)
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["file"]


def test_init_takes_an_empty_directory_of_its_own_only(tmp_path):
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o755)
    assert "others may enter" in run(
        LINKD, "init", "--data", tmp_path / "open", status=78).stderr
    (tmp_path / "private").mkdir(mode=0o700)
    run(LINKD, "init", "--data", tmp_path / "private")


def test_an_init_that_fails_leaves_nothing(tmp_path):
    done = run(LINKD, "init", "--data", tmp_path / "data", "--tenant", "not a name", status=64)
    assert "cannot make the token" in done.stderr
    assert list((tmp_path / "data").iterdir()) == []
    run(LINKD, "init", "--data", tmp_path / "data", "--tenant", "shop")
    run(LINKD, "init", "--data", tmp_path / "no" / "such" / "parent", status=74)


# serve


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_well(linkd, number):
    linkd.process.process.send_signal(number)
    assert linkd.process.process.wait(20) == 0
    log = linkd.process.log.read_text()
    assert "shutting down" in log and log.rstrip().endswith("info linkd: stopped")


def test_the_log_tells_what_x_was_asked(linkd, fakex):
    for _ in range(2):
        started = linkd.call("StartLink", start_request((fakex.key, fakex.secret)))
    request = complete_request(started, fakex.visit(started.authorize_url))
    linkd.call("CompleteLink", request)
    linkd.process.process.send_signal(signal.SIGTERM)
    assert linkd.process.process.wait(20) == 0
    upkeep = [line for line in linkd.process.log.read_text().splitlines() if ": upkeep " in line]
    assert "asked_request_token=2" in upkeep[-1] and "asked_access_token=1" in upkeep[-1]
    assert "asked_users_me" not in upkeep[-1]


def test_it_lets_nobody_look_into_its_memory(linkd):
    status = open(f"/proc/{linkd.process.pid}/limits").read()
    core = next(line for line in status.splitlines() if line.startswith("Max core file size"))
    assert core.split()[4:6] == ["0", "0"]
    # The files of a process that cannot be dumped belong to root.
    assert os.stat(f"/proc/{linkd.process.pid}/environ").st_uid == 0


def test_without_a_store_it_says_how_to_make_one(tmp_path):
    assert "linkd init" in serve(tmp_path / "none", status=78)


def test_a_store_is_for_one_process(linkd):
    assert "stop the other one first" in serve(linkd.data, status=75)


def test_an_address_is_for_one_process(data):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        assert f"{address} is in use" in serve(data, "--listen", address, status=75)


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0"])
def test_other_machines_are_not_served_without_tls(data, address):
    assert "--insecure-listen" in serve(data, "--listen", address, status=64)


@pytest.mark.parametrize("arguments", [
    ["--listen", "linkd.example:1"], ["--listen", "127.0.0.1"], ["--loops", "0"],
    ["--tls-cert", "cert.pem"], ["--x-base-url", "http://api.x.com"], ["--log-level", "loud"],
    ["--bogus"], ["bogus"]])
def test_a_wrong_command_line_is_refused(data, arguments):
    serve(data, *arguments, status=64)


def test_a_certificate_that_cannot_be_used_is_named(data, certificate):
    for chain, key in ((certificate.key, certificate.key), (certificate.chain, "/nonexistent")):
        said = serve(data, "--tls-cert", chain, "--tls-key", key, status=78)
        assert "certificate" in said or "private key" in said


def test_a_key_or_a_directory_that_others_can_read_is_refused(data):
    (data / "master.key").chmod(0o644)
    assert "master.key" in serve(data, status=78)
    (data / "master.key").chmod(0o600)
    (data / "store").chmod(0o755)
    serve(data, status=78)


def test_another_master_key_opens_nothing(data, tmp_path):
    run(LINKD, "init", "--data", tmp_path / "other")
    shutil.copy2(tmp_path / "other" / "master.key", data / "master.key")
    key = (data / "master.key").read_text().split()[2]
    assert key not in serve(data, status=78)


def test_a_changed_byte_is_found(data):
    log = next((data / "store").glob("*.log"))
    content = bytearray(log.read_bytes())
    content[len(content) // 2] ^= 1
    log.write_bytes(content)
    assert "linkd store repair" in serve(data, status=65)


def test_a_token_speaks_for_its_tenant_alone(linkd, fakex, tmp_path):
    # A second data directory is a second world: its token is not known here.
    done = run(LINKD, "init", "--data", tmp_path / "second", "--tenant", "shop")
    (tmp_path / "stranger").write_text(done.stdout)
    error = run(
        BIN / "linkctl", "accounts", "list", "--server", linkd.url, "--token-file",
        tmp_path / "stranger", status=77)
    assert "linkctl: hint: --token-file must hold a token of this linkd" in error.stderr


def test_a_closed_standard_error_does_not_stop_it(data, fakex, processes, tmp_path):
    process = subprocess.Popen(
        [LINKD, "serve", "--data", data, "--listen", "127.0.0.1:0", "--x-base-url", fakex.url],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        process.stderr.close()
        assert process.stdout.readline().startswith("listening on ")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.parametrize("arguments", [[], ["init"], ["serve"]])
def test_help_goes_to_standard_output_and_has_examples(arguments):
    done = run(LINKD, *arguments, "--help")
    assert done.stderr == "" and "EXAMPLES" in done.stdout


def test_a_log_line_per_failed_call_and_none_is_forged(linkd, fakex):
    import grpc
    from link.v1 import link_service_pb2 as schema

    with pytest.raises(grpc.RpcError):
        linkd.call("ListAccounts", schema.ListAccountsRequest(parent="a\nb\x1b"))
    linkd.process.stop()
    log = linkd.process.log.read_text()
    assert "\x1b" not in log
    calls = [line for line in log.splitlines() if " call " in line]
    assert len(calls) == 1
    assert "method=/link.v1.LinkService/ListAccounts" in calls[0]
    assert "status=INVALID_ARGUMENT" in calls[0] and "peer=127.0.0.1:" in calls[0]
