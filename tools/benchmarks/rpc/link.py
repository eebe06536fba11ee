"""linkd with five linked accounts, to be measured as a back end calls it."""

import contextlib
import pathlib
import re
import subprocess
import urllib.request

CALLBACK = "https://app.example/x/callback"
PROFILES = ("ann", "ben", "cid", "dot", "eve")


def lines(process, pattern):
    """The groups of the first line of output that matches."""
    for line in process.stdout:
        if found := re.match(pattern, line):
            return found.groups()
    raise RuntimeError(f"{process.args[0]} never said {pattern}")


@contextlib.contextmanager
def running(command):
    """A program until the end of the block."""
    process = subprocess.Popen(
        [str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def link(programs, work, profile, url, token):
    """Links the account of alice to a profile, as a browser and a back end do it together."""
    linkctl = [str(programs / "linkctl")]
    server = ["--server", url, "--token-file", str(token)]

    def output(*command, **options):
        return subprocess.run(
            [str(part) for part in command], check=True, capture_output=True, text=True,
            **options).stdout

    ticket = output(*linkctl, "link", "x", "--profile", profile, "--keys", work / "keys",
                    "--callback", CALLBACK, "--allow-sharing", "--start", *server)
    page = re.search(r'"authorizeUrl" : "(.*)"', ticket).group(1).replace("\\/", "/")
    back = output(programs / "fakex", "visit", "--approve", "--user", "alice", page).strip()
    answer = ticket.replace("{", f'{{\n  "callback" : "{back}",', 1)
    output(*linkctl, "link", "x", "--complete", *server, input=answer)


def frame(*fields):
    """A request with these strings as its fields 1, 2, … in its frame."""
    message = b"".join(
        bytes([number << 3 | 2, len(text)]) + text.encode()
        for number, text in enumerate(fields, 1))
    return b"\0" + len(message).to_bytes(4, "big") + message


@contextlib.contextmanager
def linkd(programs, work, prefix):
    """linkd behind `prefix`; yields its process, its port, its token and the calls to be made."""
    data, token = work / "data", work / "token"
    with running([programs / "fakex", "serve", "--port", 0, "--callback", CALLBACK]) as fakex:
        [x] = lines(fakex, r"listening on (\S+)")
        key, secret = lines(fakex, r"app Good App: key (\S+) secret (\S+)")
        (work / "keys").write_text(f"consumer_key = {key}\nconsumer_secret = {secret}\n")
        with open(token, "w") as file:
            subprocess.run([programs / "linkd", "init", "--data", data], check=True, stdout=file,
                           stderr=subprocess.DEVNULL)
        token.chmod(0o600)
        with running([*prefix, programs / "linkd", "serve", "--data", data, "--loops", 1,
                      "--listen", "127.0.0.1:0", "--calls-per-tenant", 1_000_000,
                      "--x-base-url", x]) as process:
            [port] = lines(process, r"listening on \S*:(\d+)")
            for profile in PROFILES:
                link(programs, work, profile, f"http://127.0.0.1:{port}", token)
            account = name(programs, port, token)
            yield process, int(port), token.read_text().strip(), {
                "ListAccounts": frame("profiles/-"),
                "GetAccount": frame(account),
                "ListKeySets": frame("profiles/-"),
                "SignRequest": frame(account, "GET", f"{x}/2/users/me"),
            }


def name(programs, port, token):
    """The name of the first account."""
    listed = subprocess.run(
        [programs / "linkctl", "accounts", "list", "--server", f"http://127.0.0.1:{port}",
         "--token-file", token], check=True, capture_output=True, text=True).stdout
    return re.search(r"profiles/\S+", listed).group()
