"""linkd store, and linkd on a disk that fails."""

import os
import stat
import subprocess
import threading

import grpc
import pytest
from conftest import BIN, ROOT, Linkd, run, start_request

LINKD = BIN / "linkd"


def store(command, linkd, *arguments, status=0):
    data = linkd.data if isinstance(linkd, Linkd) else linkd
    return run(LINKD, "store", command, "--data", data, *arguments, status=status)


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


# T119


def versions(linkd):
    line = next(l for l in store("stats", linkd).stdout.splitlines() if l.startswith("key versions"))
    return line.split(maxsplit=2)[2]


def key_lines(linkd):
    return (linkd.data / "master.key").read_text().splitlines()


def test_the_master_key_is_rotated_while_linkd_is_down(linkd, fakex):
    started = link(linkd, fakex)
    assert linkd.process.stop() == 0
    old = key_lines(linkd)
    store("rotate-key", linkd)
    assert versions(linkd) == "2" and key_lines(linkd)[:1] == old and len(key_lines(linkd)) == 2
    store("rotate-key", linkd, "--remove-old")
    assert versions(linkd) == "3" and len(key_lines(linkd)) == 1
    linkd.serve()
    assert link(linkd, fakex).link_secret != started.link_secret


@pytest.mark.seconds(120)
def test_the_master_key_is_rotated_while_linkd_serves(linkd, fakex):
    failures, done = [], threading.Event()

    def call():
        number = 0
        while not done.is_set():
            try:
                link(linkd, fakex, f"r{number}")
            except grpc.RpcError as error:
                failures.append(error)
            number += 1

    caller = threading.Thread(target=call)
    caller.start()
    for version in ("2", "3", "4"):
        store("rotate-key", linkd)
        assert versions(linkd) == version
    done.set()
    caller.join()
    assert not failures
    linkd.process.kill()
    # The old keys are needed no more: without them it starts.
    (linkd.data / "master.key").write_text(key_lines(linkd)[-1] + "\n")
    linkd.serve()
    link(linkd, fakex)


def test_a_rotation_that_was_interrupted_is_finished(linkd, fakex):
    link(linkd, fakex)
    assert linkd.process.stop() == 0
    # As a kill right after the key was added leaves it.
    line = "linkd-key-v1 2 IiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiI=\n"
    with open(linkd.data / "master.key", "a") as file:
        file.write(line)
    store("rotate-key", linkd)
    assert versions(linkd) == "2" and len(key_lines(linkd)) == 2


# disks that fail


@pytest.fixture(scope="session")
def interposer(tmp_path_factory):
    """A library that makes fdatasync fail, compiled here."""
    library = tmp_path_factory.mktemp("fault") / "fault.so"
    source = ROOT / "Tests" / "EndToEnd" / "fault.c"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
    return library


# T76, T77: once is enough, although the next sync would succeed.
@pytest.mark.parametrize("name", ["FAULT_FDATASYNC", "FAULT_PWRITE"])
def test_after_one_failed_write_linkd_acknowledges_nothing_and_exits_74(
    processes, tmp_path, fakex, interposer, name):
    arm = tmp_path / "arm"
    linkd = Linkd(processes, tmp_path, fakex.url)
    assert linkd.process.stop() == 0
    linkd._start = lambda *arguments: processes(
        *arguments, env={**os.environ, "LD_PRELOAD": str(interposer), name: str(arm)})
    linkd.serve()
    link(linkd, fakex, "before")
    arm.touch()
    with pytest.raises(grpc.RpcError) as failure:
        link(linkd, fakex, "after")
    assert failure.value.code() == grpc.StatusCode.UNAVAILABLE
    assert linkd.process.process.wait(20) == 74
    assert not arm.exists(), "it failed once only"
    assert "writing to the data directory failed" in linkd.process.log.read_text()
    linkd._start = processes
    linkd.serve()
    assert linkd.process.stop() == 0
    # The token of init was batch 1, the link that was acknowledged batch 2.
    acknowledged = [line.split("\t")[0] for line in store("dump", linkd).stdout.splitlines()]
    assert {"1", "2"} <= set(acknowledged)
    assert store("verify", linkd).stdout.startswith("intact: ")


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
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def fill_and_free(processes, disk, fakex):
    linkd = Linkd(processes, disk, fakex.url)
    (disk / "ballast").write_bytes(bytes(4 << 20))
    # Too little is left for the segment that the first write needs.
    with pytest.raises(grpc.RpcError) as failure:
        link(linkd, fakex)
    assert failure.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    (disk / "ballast").unlink()
    link(linkd, fakex)
    assert linkd.process.stop() == 0
    assert store("verify", linkd).stdout.startswith("intact: ")
