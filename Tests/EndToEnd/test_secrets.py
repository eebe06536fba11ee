"""Planted secrets are nowhere in clear: not in logs, errors, arguments, environments or files (T108)."""

import base64
import json
import os
import pathlib
import re
import urllib.parse

import grpc
import pytest
from conftest import BIN, CALLBACK, Linkd, complete_request, start_request
from provider import Provider
from secrets_search import ProcessWatch, forms, leaks

PLANTED = {
    "consumer secret": "MARKERconsumersecret/+=&%~0001",
    "request token secret": "MARKERrequesttokensecret/+=0002",
    "access token": "77-MARKERaccesstoken0003",
    "access token secret": "MARKERaccesstokensecret/+=0004",
    "verifier": "MARKERverifier0005",
    "PIN": "MARKERpin0006",
}
KEYS = ("MARKERconsumerkey0007", PLANTED["consumer secret"])


@pytest.fixture
def provider():
    return Provider(
        request_token="requesttoken-0008",
        request_token_secret=PLANTED["request token secret"],
        access_token=PLANTED["access token"],
        access_token_secret=PLANTED["access token secret"])


@pytest.fixture
def linkd(provider, processes, tmp_path):
    with provider.serving() as url:
        yield Linkd(processes, tmp_path, url, "--log-level", "trace")


def secrets_of(linkd):
    """The planted secrets, and those that linkd made itself."""
    token_secret = linkd.token.split("_")[2]
    master_key = (linkd.data / "master.key").read_text().split()[2]
    return PLANTED | {
        "admin token": linkd.token, "admin token's secret": token_secret,
        "admin token's secret, decoded": bytes.fromhex(token_secret),
        "master key": base64.b64decode(master_key), "master key's text": master_key}


def files_of(linkd):
    """All files of the data directory but the master key's own."""
    paths = [path for path in linkd.data.rglob("*") if path.is_file()]
    assert linkd.data / "master.key" in paths and len(paths) > 2
    return {str(path): path.read_bytes() for path in paths if path.name != "master.key"}


def signed_with(provider, request):
    """With which of the planted secrets oauthlib finds a request signed."""
    from oauthlib.common import Request
    from oauthlib.oauth1.rfc5849 import signature

    path, headers, body = request
    method = "GET" if "verify_credentials" in path else "POST"
    asked = Request(f"http://{headers['Host']}{path}", method, body, headers)
    asked.params = [
        (name, value) for name, value in signature.collect_parameters(
            uri_query=urllib.parse.urlsplit(path).query, headers=headers,
            exclude_oauth_signature=False)]
    asked.signature = dict(asked.params).get("oauth_signature")
    asked.params = [pair for pair in asked.params if pair[0] != "oauth_signature"]
    for name in ("request token secret", "access token secret", None):
        if signature.verify_hmac_sha1(asked, KEYS[1], PLANTED.get(name, "")):
            return "consumer secret", name or "no token"
    return None


def texts_of(error):
    """All that a failed call says."""
    parts = [error.details() or "", error.debug_error_string(), repr(error)]
    return "\n".join(parts).encode() + b"\n".join(
        value if isinstance(value, bytes) else value.encode()
        for _, value in error.trailing_metadata() or ())


def test_the_search_finds_what_it_is_meant_to_find():
    secret = "MARKER/+=secret"
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            hidden = b"x" + encode(b"a" * shift + secret.encode() + b"tail") + b"x"
            assert leaks({"s": secret}, {"here": hidden}), (shift, encode)
    for hidden in (
        secret, secret.encode().hex(), urllib.parse.quote(secret, safe=""),
        json.dumps({"a": secret}), secret.encode().hex().upper()):
        assert leaks({"s": secret}, {"here": hidden.encode()}), hidden
    assert not leaks({"s": secret}, {"here": b"MARKER/secret" + os.urandom(4096)})
    assert len(forms(secret)) > 8


def test_no_secret_is_in_logs_errors_arguments_environments_or_files(linkd, provider, tmp_path):
    places, secrets = {}, secrets_of(linkd)
    (tmp_path / "keys").write_text(f"consumer_key = {KEYS[0]}\nconsumer_secret = {KEYS[1]}\n")
    options = ["link", "x", "--profile", "ann", "--keys", tmp_path / "keys", "--start"]
    with ProcessWatch(BIN) as watch:
        for number in range(2):
            ticket = json.loads(linkd.linkctl(*options, "--callback", CALLBACK).stdout)
            secrets[f"link secret {number}"] = ticket["linkSecret"]
            ticket["callback"] = f"{CALLBACK}?" + urllib.parse.urlencode({
                "oauth_token": "requesttoken-0008", "oauth_verifier": PLANTED["verifier"]})
            done = linkd.linkctl("link", "x", "--complete", stdin=json.dumps(ticket))
            places[f"linkctl {number}"] = (done.stdout + done.stderr).encode()
            again = linkd.linkctl("link", "x", "--complete", stdin=json.dumps(ticket))
            assert again.stdout == done.stdout
        # A restart, so that what is read back and written anew is looked at, too.
        linkd.process.stop()
        linkd.serve()
        listing = linkd.linkctl("accounts", "list", "--output", "json")
        assert "planted" in listing.stdout
        account = json.loads(listing.stdout)["accounts"][0]["name"]
        linkd.linkctl("accounts", "check", account)
        places["listing"] = (listing.stdout + listing.stderr).encode()
        ticket = json.loads(linkd.linkctl(*options, "--pin").stdout)
        secrets["link secret of the PIN"] = ticket["linkSecret"]
        ticket["pin"] = PLANTED["PIN"]
        done = linkd.linkctl("link", "x", "--complete", stdin=json.dumps(ticket))
        places["linkctl with a PIN"] = (done.stdout + done.stderr).encode()
    assert {"linkd", "linkctl"} <= watch.programs
    # Each of them was really used: else it would be no wonder that it is nowhere.
    used = [signed_with(provider, request) for request in provider.seen]
    assert used.count(("consumer secret", "no token")) == 3
    assert used.count(("consumer secret", "request token secret")) == 3
    assert used.count(("consumer secret", "access token secret")) >= 1
    for name in ("verifier", "PIN"):
        assert any(f'oauth_verifier="{PLANTED[name]}"' in headers["Authorization"]
                   for _, headers, _ in provider.seen), name
    linkd.process.stop()
    places["init"] = linkd.said_by_init.encode()
    assert b"keep the token" in places["init"]
    for log in tmp_path.glob("*.log"):
        places[log.name] = log.read_bytes()
    places |= watch.places | files_of(linkd)
    assert not leaks(secrets, places)
    sealed = {"profile": "profiles/ann", "user": "planted", "key": KEYS[0]}
    audit = str(linkd.data / "audit.log")
    found = [(name, path) for name, path, _ in leaks(sealed, files_of(linkd))]
    # Whose account it was is what the audit log is for.
    assert found == [("profile", audit)], "nothing else at all is stored in clear"


REPEATED = " ".join(PLANTED.values())


@pytest.mark.parametrize("failure", [
    (401, "application/json", json.dumps({"errors": [{"code": 32, "message": REPEATED}]})),
    (403, "application/json", json.dumps({"errors": [{"code": 415, "message": REPEATED}]})),
    (403, "application/json", json.dumps({"errors": [{"code": 999, "message": REPEATED}]})),
    (403, "text/plain", "You are not allowed to: " + REPEATED),
    (403, "application/problem+json", json.dumps({"title": REPEATED, "detail": REPEATED})),
    (401, "text/html", REPEATED),
    (500, "text/xml", f"<hash><error>{REPEATED}</error></hash>"),
    (503, "text/plain", REPEATED),
    (200, "text/html", f"oauth_token=a&{REPEATED}"),
    (302, "text/plain", REPEATED),
    (400, "application/json", REPEATED),
], ids=lambda failure: f"{failure[0]} {failure[1]}")
def test_a_provider_that_repeats_secrets_in_its_errors_is_not_quoted(
        linkd, provider, tmp_path, failure):
    from link.v1 import link_service_pb2 as schema, provider_pb2

    places, secrets = {}, secrets_of(linkd)

    def refused(method, request):
        name = f"{len(places)}. {method}"
        try:
            places[f"{name}: answer"] = linkd.call(method, request).SerializeToString()
        except grpc.RpcError as error:
            places[f"{name}: error"] = texts_of(error)

    keys = provider_pb2.ConsumerKeys(consumer_key=KEYS[0], consumer_secret=KEYS[1])
    for name, request in (
        ("StartLink", start_request(KEYS)),
        ("ValidateKeys", schema.ValidateKeysRequest(
            provider=provider_pb2.PROVIDER_X, keys=keys, callback_url=CALLBACK))):
        provider.failures = [failure] * 2
        refused(name, request)
    provider.failures = []
    started = linkd.call("StartLink", start_request(KEYS))
    secrets["link secret"] = started.link_secret
    provider.failures = [failure] * 2
    back = f"{CALLBACK}?oauth_token=requesttoken-0008&oauth_verifier={PLANTED['verifier']}"
    refused("CompleteLink", complete_request(started, back))
    # Wrong requests must not be quoted either.
    refused("CompleteLink", schema.CompleteLinkRequest(
        parent="profiles/ann", link_secret="wrong" + started.link_secret, pin=PLANTED["PIN"]))
    refused("StartLink", start_request((KEYS[0], "not visible \n" + KEYS[1])))
    assert any("error" in place for place in places)
    linkd.process.stop()
    for log in tmp_path.glob("*.log"):
        places[log.name] = log.read_bytes()
    places |= files_of(linkd)
    assert not leaks(secrets, places)


def memory_of(pid):
    """All that a process has in memory that it can write to, region by region."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb") as memory:
        for line in maps:
            fields = line.split()
            if not fields[1].startswith("rw") or fields[-1] in ("[vvar]", "[vsyscall]"):
                continue
            start, end = (int(part, 16) for part in fields[0].split("-"))
            try:
                memory.seek(start)
                yield memory.read(end - start)
            except OSError:
                continue


def test_T110_memory_is_not_dumped_and_holds_the_master_key_once(linkd, tmp_path):
    limits = open(f"/proc/{linkd.process.pid}/limits").read()
    assert "Max core file size        0                    0" in limits
    status = pathlib.Path(f"/proc/{linkd.process.pid}/status").read_text()
    assert int(re.search(r"VmLck:\s+(\d+) kB", status).group(1)) > 0
    if os.geteuid() != 0:
        # Who is not root cannot look, which is the point.
        with pytest.raises(PermissionError):
            open(f"/proc/{linkd.process.pid}/mem", "rb")
        return
    (tmp_path / "keys").write_text(f"consumer_key = {KEYS[0]}\nconsumer_secret = {KEYS[1]}\n")
    linkd.linkctl("keys", "put", "main", "--keys", tmp_path / "keys")
    key = base64.b64decode((linkd.data / "master.key").read_text().split()[2])
    found = [region.count(key) for region in memory_of(linkd.process.pid)]
    assert len(found) > 10 and sum(found) <= 1, sum(found)
    text = base64.b64encode(key)
    assert not any(text in region for region in memory_of(linkd.process.pid))
