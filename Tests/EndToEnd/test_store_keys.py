"""The master keys: where they come from, and how they are rotated."""

import re
import signal
import threading
import time

import grpc
import pytest
from conftest import Linkd, run
from test_store import LINKD, await_line, link, store


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
    said = store("rotate-key", linkd).stderr
    added, began, *_, written, done = said.splitlines()
    assert added.startswith("linkd: added key version 2 to ")
    assert began == "linkd: writing all data anew under key version 2"
    assert re.fullmatch(r"linkd: written (\d+) of \1 entries", written)
    assert done == "linkd: all data are under key version 2, and no other"
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


# A disk that is not mounted leaves an empty folder: nothing in it is no proof that no key is needed.
@pytest.mark.parametrize("arguments", [[], ["--remove-old"]])
def test_where_there_are_no_data_no_key_is_added_or_removed(linkd, fakex, tmp_path, arguments):
    link(linkd, fakex)
    assert linkd.process.stop() == 0
    folder, key = linkd.data / "store", linkd.data / "master.key"
    folder.rename(tmp_path / "elsewhere")
    before = key.read_bytes()
    store("rotate-key", linkd, *arguments, status=78)
    folder.mkdir(mode=0o700)
    assert "there is no store" in store("rotate-key", linkd, *arguments, status=78).stderr
    assert key.read_bytes() == before and list(folder.iterdir()) == []
    folder.rmdir()
    (tmp_path / "elsewhere").rename(folder)
    linkd.serve()
    link(linkd, fakex)


# What a repair has set aside is still under the old key, and nothing but the operator removes it.
@pytest.mark.parametrize("is_serving", [False, True])
def test_what_a_repair_has_set_aside_is_named_before_a_rotation(linkd, fakex, is_serving):
    for number in range(3):
        link(linkd, fakex, f"p{number}")
    assert linkd.process.stop() == 0
    log = max((linkd.data / "store").glob("*.log"))
    content = bytearray(log.read_bytes())
    content[4096 + 100] ^= 1
    log.write_bytes(content)
    repaired = store("repair", linkd, "--accept-loss").stderr
    assert f"{log.name}.damaged" in repaired and "until you remove them" in repaired
    if is_serving:
        linkd.serve()
    before = key_lines(linkd)
    begin = time.monotonic()
    for arguments in ([], ["--remove-old"]):
        refused = store("rotate-key", linkd, *arguments, status=78).stderr
        assert f"{log.name}.damaged still needs version 1" in refused and "remove it" in refused
        assert key_lines(linkd) == before
    assert time.monotonic() - begin < 20
    (log.parent / f"{log.name}.damaged").unlink()
    store("rotate-key", linkd)
    assert versions(linkd) == "2"


# T120: keys that a command prints


@pytest.fixture
def vault(tmp_path):
    """A stand-in for a vault: prints what a file holds, and can be told to fail."""
    script = tmp_path / "vault"
    script.write_text('#!/bin/sh\n[ "$1" = read ] || exit 9\ncat "$2"\n')
    script.chmod(0o700)
    keys = tmp_path / "vault-keys"
    keys.write_text("linkd-key-v1 1 ERERERERERERERERERERERERERERERERERERERERERE=\n")
    return script, keys


def test_the_master_keys_may_be_what_a_command_prints(processes, tmp_path, fakex, vault):
    script, keys = vault
    linkd = Linkd(processes, tmp_path, fakex.url, key_command=f"{script} read {keys}")
    assert not (linkd.data / "master.key").exists()
    link(linkd, fakex)
    assert "already" in store("rotate-key", linkd, status=78).stderr
    store("rotate-key", linkd, "--remove-old", status=64)
    with keys.open("a") as file:
        file.write("linkd-key-v1 2 IiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiI=\n")
    # linkd runs the command again when it is told to.
    store("rotate-key", linkd)
    assert versions(linkd) == "2"
    keys.write_text(keys.read_text().splitlines()[1] + "\n")
    assert linkd.process.stop() == 0
    linkd.serve()
    link(linkd, fakex, "ben")
    log = linkd.process.log.read_text()
    assert "IiIi" not in log and "ERER" not in log


def test_a_command_that_fails_opens_nothing_and_tells_no_secret(processes, tmp_path, fakex, vault):
    script, keys = vault
    linkd = Linkd(processes, tmp_path, fakex.url, key_command=f"{script} read {keys}")
    assert linkd.process.stop() == 0
    for command, reason in [
            (f"{script} write {keys}", "ended with status 9"), (f"{script} read /dev/null", "no key"),
            (f"{script} read {keys};true", "ended with status 1"), ("/nonexistent read", "no such"),
            ("cat keys", "absolute path")]:
        status = 64 if command.startswith("cat") else 78
        failed = run(LINKD, "serve", "--data", linkd.data, "--master-key-command", command,
                     status=status)
        assert reason in failed.stderr.lower() and "ERER" not in failed.stderr
    # A reload that fails changes nothing.
    linkd.serve()
    before = keys.read_text()
    keys.write_text("linkd-key-v1 2 broken\n")
    linkd.process.process.send_signal(signal.SIGHUP)
    await_line(linkd, "could not be written anew")
    link(linkd, fakex)
    keys.write_text(before)
