"""linkd store, and linkd on a disk that fails."""

import concurrent.futures
import contextlib
import functools
import json
import os
import stat
import subprocess
import time

import grpc
import pytest
from conftest import BIN, ROOT, Linkd, run, start_request
from test_tokens import code_of, listed

LINKD = BIN / "linkd"


def store(command, linkd, *arguments, status=0):
    return linkd.store(command, *arguments, status=status)


def link(linkd, fakex, profile="ann"):
    keys = (fakex.key, fakex.secret)
    return linkd.call("StartLink", start_request(keys, profile=profile))


def files(data, pattern="*"):
    return sorted(path.name for path in (data / "store").glob(pattern))


# looking and copying


def test_a_serving_linkd_can_be_looked_at_and_copied(linkd, fakex, tmp_path):
    link(linkd, fakex)
    assert store("verify", linkd).stdout.startswith("intact: ")
    assert store("verify", linkd, "--without-key").stdout.startswith("intact: ")
    assert "key versions     1\n" in store("stats", linkd).stdout
    dump = store("dump", linkd).stdout
    assert dump.count("\n") >= 2 and fakex.secret not in dump and linkd.token not in dump
    store("backup", linkd, tmp_path / "backup")
    assert stat.S_IMODE((tmp_path / "backup").stat().st_mode) == 0o700
    assert linkd.process.stop() == 0
    (linkd.data / "store").rename(tmp_path / "gone")
    store("restore", linkd, tmp_path / "backup")
    assert store("dump", linkd).stdout == dump
    store("restore", linkd, tmp_path / "backup", status=78)
    linkd.serve()
    link(linkd, fakex)


def test_damage_is_told_and_only_given_up_when_asked_to(linkd, fakex):
    for number in range(3):
        link(linkd, fakex, f"p{number}")
    assert linkd.process.stop() == 0
    log = linkd.data / "store" / files(linkd.data, "*.log")[-1]
    content = bytearray(log.read_bytes())
    content[4096 + 100] ^= 1
    log.write_bytes(content)
    for arguments in ([], ["--without-key"]):
        failure = store("verify", linkd, *arguments, status=65).stderr
        assert log.name in failure and "4096" in failure and "repair" in failure
    store("repair", linkd, status=64)
    assert log.read_bytes() == content
    assert f"{log.name}.damaged" in store("repair", linkd, "--accept-loss").stderr
    assert (log.parent / f"{log.name}.damaged").read_bytes() == content
    assert store("verify", linkd).stdout.startswith("intact: ")
    assert "nothing is damaged" in store("repair", linkd, "--accept-loss").stderr
    linkd.serve()


def await_line(linkd, text):
    """Waits until linkd has logged it."""
    while text not in linkd.process.log.read_text():
        assert linkd.process.process.poll() is None, linkd.process.log.read_text()
        time.sleep(0.01)


# disks that fail


@pytest.fixture(scope="session")
def interposer(tmp_path_factory):
    """A library that makes system calls fail, compiled here."""
    library = tmp_path_factory.mktemp("fault") / "fault.so"
    source = ROOT / "Tests" / "EndToEnd" / "fault.c"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
    return library


def serving(processes, interposer, linkd, **environment):
    """Starts linkd with the library, which is told what to do by these variables."""
    linkd._start = lambda *arguments: processes(
        *arguments, env={**os.environ, "LD_PRELOAD": str(interposer),
                         **{name: str(value) for name, value in environment.items()}})
    linkd.serve()
    linkd._start = processes


# T76, T77: once is enough, although the next sync would succeed.
@pytest.mark.parametrize("name", ["FAULT_FDATASYNC", "FAULT_PWRITE"])
def test_after_one_failed_write_linkd_acknowledges_nothing_and_exits_74(
    processes, tmp_path, fakex, interposer, name):
    arm = tmp_path / "arm"
    linkd = Linkd(processes, tmp_path, fakex.url)
    assert linkd.process.stop() == 0
    serving(processes, interposer, linkd, **{name: arm})
    link(linkd, fakex, "before")
    with grpc.insecure_channel(linkd.address) as channel:
        # HealthCheckResponse: SERVING is 1, NOT_SERVING 2.
        watch = channel.unary_stream("/grpc.health.v1.Health/Watch")(b"", timeout=60)
        assert next(watch) == b"\x08\x01"
        arm.touch()
        with pytest.raises(grpc.RpcError) as failure:
            link(linkd, fakex, "after")
        assert failure.value.code() == grpc.StatusCode.UNAVAILABLE
        assert next(watch) == b"\x08\x02"
    assert linkd.process.process.wait(20) == 74
    assert not arm.exists(), "it failed once only"
    assert "writing to the data directory failed" in linkd.process.log.read_text()
    linkd.serve()
    assert linkd.process.stop() == 0
    # The token of init was batch 1, the link that was acknowledged batch 2.
    acknowledged = [line.split("\t")[0] for line in store("dump", linkd).stdout.splitlines()]
    assert {"1", "2"} <= set(acknowledged)
    assert store("verify", linkd).stdout.startswith("intact: ")


# T75: a signal in the middle of a system call is no failure.
def test_interrupted_system_calls_are_made_again(processes, tmp_path, fakex, interposer):
    linkd = Linkd(processes, tmp_path, fakex.url)
    assert linkd.process.stop() == 0
    serving(processes, interposer, linkd, FAULT_INTERRUPT="1")
    for number in range(3):
        link(linkd, fakex, f"p{number}")
    assert linkd.process.stop() == 0


# T89.
def test_a_clock_that_jumps_changes_nothing(processes, tmp_path, fakex, interposer):
    from link.v1 import key_set_pb2, provider_pb2

    linkd = Linkd(processes, tmp_path, fakex.url)
    offset = tmp_path / "offset"
    order, year = [], 365 * 86400
    for number, seconds in enumerate([0, year, -year, 0, -3600, 2 * year, -3600]):
        offset.write_text(str(seconds))
        if number % 3 == 0:
            linkd.process.kill()
            serving(processes, interposer, linkd, FAULT_CLOCK=offset)
        order.append(f"k{number}")
        keys = provider_pb2.ConsumerKeys(consumer_key=order[-1], consumer_secret="s")
        linkd.call("PutKeySet", key_set_pb2.PutKeySetRequest(
            name=f"keySets/{order[-1]}", provider=provider_pb2.PROVIDER_X, keys=keys))
    linkd.process.kill()
    lines = [line.split("\t") for line in store("dump", linkd).stdout.splitlines()]
    found = [key for version, _, key in sorted(lines, key=lambda line: int(line[0])) if "/k" in key]
    assert [key.rsplit("/", 1)[1] for key in found] == order


# T123.
def test_without_random_bytes_nothing_is_made(processes, tmp_path, fakex, interposer):
    arm = tmp_path / "arm"
    environment = {**os.environ, "LD_PRELOAD": str(interposer), "FAULT_RANDOM": str(arm)}
    arm.touch()
    failed = subprocess.run([LINKD, "init", "--data", tmp_path / "none"], env=environment,
                            capture_output=True, text=True, timeout=60)
    assert failed.returncode != 0 and failed.stdout == "" and "random" in failed.stderr
    arm.unlink()
    linkd = Linkd(processes, tmp_path, fakex.url)
    assert linkd.process.stop() == 0
    serving(processes, interposer, linkd, FAULT_RANDOM=arm)
    arm.touch()
    before = files(linkd.data)
    with pytest.raises(grpc.RpcError) as failure:
        link(linkd, fakex)
    assert failure.value.code() in (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAVAILABLE)
    assert files(linkd.data) == before
    arm.unlink()


# T123: the first commit of a process draws the name of a segment, and then its data key.
@pytest.mark.parametrize("variable", ["FAULT_RANDOM", "FAULT_SECRET_RANDOM"])
def test_without_random_bytes_no_segment_is_begun_and_nothing_has_failed(
        processes, tmp_path, fakex, interposer, variable):
    from link.v1 import admin_service_pb2, admin_service_pb2_grpc

    arm = tmp_path / "arm"
    linkd = Linkd(processes, tmp_path, fakex.url)
    token = linkd.linkctl(
        "tokens", "create", "--tenant", "shop", "--scopes", "read", "--days", "30").stdout.strip()
    name, = (shown["name"] for shown in listed(linkd, "--tenant", "shop"))
    assert linkd.process.stop() == 0
    serving(processes, interposer, linkd, **{variable: arm})
    before = files(linkd.data)
    arm.touch()
    with grpc.insecure_channel(linkd.address) as channel:
        revoke = functools.partial(
            admin_service_pb2_grpc.AdminServiceStub(channel).RevokeToken,
            admin_service_pb2.RevokeTokenRequest(name=name), timeout=20,
            metadata=[("authorization", f"Bearer {linkd.token}")])
        with pytest.raises(grpc.RpcError) as failure:
            revoke()
        assert failure.value.code() == grpc.StatusCode.UNAVAILABLE
        log = linkd.process.log.read_text()
        assert "random" in log and "writing to the data directory failed" not in log
        assert files(linkd.data) == before and code_of(linkd, token) == grpc.StatusCode.OK
        # Nothing was written, so nothing is in doubt: it goes on when there are some again.
        arm.unlink()
        revoke()
    assert code_of(linkd, token) == grpc.StatusCode.UNAUTHENTICATED
    linkd.process.kill()
    linkd.serve()
    assert code_of(linkd, token) == grpc.StatusCode.UNAUTHENTICATED


# A directory that is not in its parent for certain is lost with all that is synced in it.
def test_new_directories_are_synced_into_their_parents(processes, tmp_path, fakex, interposer):
    trace = tmp_path / "trace"
    environment = {**os.environ, "LD_PRELOAD": str(interposer), "FAULT_TRACE": str(trace)}
    data = tmp_path / "data"
    subprocess.run([LINKD, "init", "--data", data], env=environment, check=True, timeout=60,
                   capture_output=True)
    lines = trace.read_text().splitlines()
    made = [(number, line.split(" ", 1)[1]) for number, line in enumerate(lines)
            if line.startswith("mkdir ")]
    assert {str(data), str(data / "store")} == {path for _, path in made}
    for number, path in made:
        assert f"fsync {os.path.dirname(path)}" in lines[number + 1:], (path, lines)
    # Nor has whoever made one before, and was killed, seen to it.
    trace.unlink()
    other = tmp_path / "other" / "data"
    other.parent.mkdir(mode=0o700)
    other.mkdir(mode=0o700)
    subprocess.run([LINKD, "init", "--data", other], env=environment, check=True, timeout=60,
                   capture_output=True)
    assert f"fsync {other.parent}" in trace.read_text().splitlines()


# What comes before linkd is ready for it must not end it, nor be lost.
def test_a_hangup_while_linkd_starts_is_kept_until_it_can_be_answered(
        processes, tmp_path, fakex, interposer):
    linkd = Linkd(processes, tmp_path, fakex.url)
    assert linkd.process.stop() == 0
    arm = tmp_path / "arm"
    arm.touch()
    serving(processes, interposer, linkd, FAULT_HANGUP=arm)
    assert not arm.exists()
    await_line(linkd, "all data are written anew")


# T87.
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_data_of_somebody_else_are_refused(linkd):
    assert linkd.process.stop() == 0
    log = linkd.data / "store" / files(linkd.data, "*.log")[0]
    for path in (log, linkd.data / "store", linkd.data / "master.key"):
        os.chown(path, 12345, -1)
        failed = run(LINKD, "serve", "--data", linkd.data, "--listen", "127.0.0.1:0", status=78)
        assert "belongs to user 12345" in failed.stderr
        os.chown(path, 0, -1)


# T88.
def test_a_second_linkd_on_the_same_data_exits_75(linkd):
    done = run(LINKD, "serve", "--data", linkd.data, "--listen", "127.0.0.1:0", status=75)
    assert str(linkd.process.pid) in done.stderr
    store("repair", linkd, "--accept-loss", status=75)


# T120.
@pytest.mark.parametrize("text", [
    "", "linkd-key-v1 1 short\n", "linkd-key-v1 1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
    "linkd-key-v1 1 IiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiI=\n", None])
def test_without_the_right_master_key_nothing_starts_and_nothing_changes(tmp_path, text):
    data = tmp_path / "data"
    run(LINKD, "init", "--data", data)
    key = data / "master.key"
    key.unlink()
    if text is not None:
        key.touch(0o600)
        key.write_text(text)
    before = {path: path.read_bytes() for path in (data / "store").glob("*") if path.name != "lock"}
    environment = {**os.environ, "LINKD_MASTER_KEY": "IiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiI="}
    done = subprocess.run(
        [LINKD, "serve", "--data", data, "--listen", "127.0.0.1:0"], env=environment,
        capture_output=True, text=True, timeout=60)
    assert done.returncode == 78 and "IiIi" not in done.stderr
    assert before == {
        path: path.read_bytes() for path in (data / "store").glob("*") if path.name != "lock"}


# T83.
@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system needs root")
@pytest.mark.seconds(120)
def test_a_full_disk_refuses_writes_and_recovers_by_itself(processes, tmp_path, fakex):
    disk = tmp_path / "disk"
    disk.mkdir(mode=0o700)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=66m,mode=0700", "tmpfs", disk], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        fill_and_free(processes, disk, fakex)
        # T87.
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        failed = run(LINKD, "serve", "--data", disk / "data", "--listen", "127.0.0.1:0", status=74)
        assert "EROFS" in failed.stderr
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def fill_and_free(processes, disk, fakex):
    from link.v1 import link_service_pb2

    linkd = Linkd(processes, disk, fakex.url)
    process = linkd.process
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(4 << 20))

    def refused(writer):
        """A writer that is told that the disk is full, and can read."""
        with pytest.raises(grpc.RpcError) as failure:
            link(linkd, fakex, f"p{writer}")
        accounts = linkd.call(
            "ListAccounts", link_service_pb2.ListAccountsRequest(parent="profiles/-"))
        return failure.value.code(), len(accounts.accounts)

    with concurrent.futures.ThreadPoolExecutor(64) as pool:
        # Too little is left for the segment that the first write needs.
        assert set(pool.map(refused, range(64))) == {(grpc.StatusCode.RESOURCE_EXHAUSTED, 0)}
        ballast.unlink()
        started = list(pool.map(lambda writer: link(linkd, fakex, f"p{writer}"), range(64)))
    assert len({answer.link_secret for answer in started}) == 64
    # Nor is there room for a line of the audit log, once the page that it ends in is full.
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    for writer in range(64):
        try:
            link(linkd, fakex, f"q{writer}")
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED, error.details()
            break
    else:
        pytest.fail("the disk was never full")
    ballast.unlink()
    link(linkd, fakex, "r")
    lines = [json.loads(line) for line in (disk / "data/audit.log").read_text().splitlines()]
    assert lines[-1]["action"] == "end_call"
    assert linkd.process is process and process.stop() == 0
    assert store("verify", linkd).stdout.startswith("intact: ")
