"""tools/demo: it shows what it promises, and leaves no process and no file."""

import os
import pathlib
import signal
import subprocess

import pytest
from conftest import ROOT

DEMO = ROOT / "tools" / "demo"


def programs():
    """The processes that run programs of this checkout."""
    found = set()
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            program = (process / "cmdline").read_bytes().split(b"\0")[0].decode()
        except (OSError, UnicodeDecodeError):
            continue
        if program in ("linkd", "fakex", "linkctl") or program.startswith(str(ROOT / ".build")):
            found.add((process.name, program))
    return found


def files():
    """Everything in the checkout but what the build keeps for itself."""
    kept = (".build", ".git", ".swiftpm")
    return {path for top in ROOT.iterdir() if not top.name.startswith(kept)
            for path in [top, *top.rglob("*")] if "__pycache__" not in path.parts}


@pytest.mark.seconds(600)
def test_the_demo_shows_everything_and_leaves_nothing():
    before = files(), programs()
    done = subprocess.run(
        [DEMO], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=590,
        env={name: value for name, value in os.environ.items() if not name.startswith("LINKD_")})
    assert done.returncode == 0, done.stdout + done.stderr
    for shown in (
        "keys: usable\n", "keys: not usable\n", "✗ key pair ", "linked: @alice (x id ",
        "linked: @bob (x id ", "\nprofiles/ann/accounts/", "\nprofiles/ben/accounts/",
        '"screenName" : "alice"', "paste exactly: https://app.example/x/calback\n",
        "error: the user did not agree", '{"data":{"id":"1740000000000000001"',
        "state:    revoked\n", "its token was revoked\n", "its token at the provider: done\n"):
        assert shown in done.stdout, shown
    steps = ["linkd stops and starts again", "accounts list", "linkctl sign", "/_fakex/revoke",
             "accounts check", "accounts unlink"]
    assert sorted(steps, key=done.stdout.index) == steps
    assert (files(), programs()) == before


@pytest.mark.seconds(600)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_demo_that_is_interrupted_leaves_nothing(number):
    before = files(), programs()
    demo = subprocess.Popen(
        [DEMO], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True, start_new_session=True)
    for line in demo.stdout:
        if line.startswith("listening on "):
            break
    demo.send_signal(number)
    demo.stdout.read()
    demo.stdout.close()
    assert demo.wait(60) == 128 + number
    assert (files(), programs()) == before
