"""linkctl and a real linkd: key sets that are kept, requests that are signed."""

import json
import urllib.request

import pytest
from conftest import complete_request, start_request


@pytest.fixture
def keys(tmp_path, fakex):
    path = tmp_path / "keys"
    path.write_text(f"consumer_key = {fakex.key}\nconsumer_secret = {fakex.secret}\n")
    return path


def shown(linkd, *arguments):
    """What linkctl prints as JSON."""
    return json.loads(linkd.linkctl(*arguments, "--output", "json").stdout)


def test_a_key_set_is_put_listed_and_deleted_and_its_keys_are_never_shown(linkd, fakex, keys):
    put = linkd.linkctl("keys", "put", "main", "--keys", keys)
    assert put.stdout.startswith("kept: keySets/main, version 1, consumer key …")
    linkd.linkctl("keys", "put", "own", "--profile", "ann", "--keys", keys)

    (tenants,) = shown(linkd, "keys", "list")["keySets"]
    assert (tenants["name"], tenants["provider"], tenants["version"]) == ("keySets/main", "x", 1)
    (anns,) = shown(linkd, "keys", "list", "--profile", "ann")["keySets"]
    assert anns["name"] == "profiles/ann/keySets/own"
    assert shown(linkd, "keys", "list", "--all-profiles")["keySets"] == [anns]
    table = linkd.linkctl("keys", "list").stdout
    for text in (put.stdout, json.dumps([tenants, anns]), table):
        assert fakex.key not in text and fakex.secret not in text

    assert linkd.linkctl("keys", "delete", anns["name"]).stdout == f"deleted: {anns['name']}\n"
    assert linkd.linkctl("keys", "list", "--profile", "ann").stdout == ""
    assert "no key set" in linkd.linkctl("keys", "delete", anns["name"], status=3).stderr
    linkd.linkctl("keys", "delete", anns["name"], "--allow-missing")


def test_a_pair_is_replaced_only_if_it_is_the_one_meant(linkd, keys):
    linkd.linkctl("keys", "put", "main", "--keys", keys)
    other = keys.with_name("other")
    other.write_text("consumer_key = another-key\nconsumer_secret = s\n")
    assert "version 2" in linkd.linkctl(
        "keys", "put", "main", "--keys", other, "--replaces-version", "1").stdout
    failed = linkd.linkctl("keys", "put", "main", "--keys", keys, "--replaces-version", "1",
                           "--output", "json", status=3)
    answer = json.loads(failed.stderr)["error"]["answer"]
    assert (answer["reason"], answer["metadata"]) == ("KEY_SET_CHANGED", {"version": "2"})


def test_what_is_kept_is_examined_and_linked_with_by_its_name(linkd, fakex, keys):
    from conftest import CALLBACK

    linkd.linkctl("keys", "put", "main", "--keys", keys)
    linkd.linkctl("keys", "put", "own", "--profile", "ann", "--keys", keys)
    found = linkd.linkctl("keys", "validate", "--key-set", "main", "--callback", CALLBACK)
    assert found.stdout.startswith("keys: usable\n")
    for name in ("main", "profiles/ann/keySets/own"):
        options = ["link", "x", "--profile", "ann", "--key-set", name]
        ticket = json.loads(linkd.linkctl(*options, "--callback", CALLBACK, "--start").stdout)
        ticket["callback"] = fakex.visit(ticket["authorizeUrl"])
        linked = linkd.linkctl("link", "x", "--complete", stdin=json.dumps(ticket))
        assert "alice" in linked.stdout
    missing = linkd.linkctl(
        "keys", "validate", "--key-set", "other", "--callback", CALLBACK, status=3)
    assert "no key set" in missing.stderr
    linkd.linkctl("keys", "validate", "--key-set", "main", "--keys", keys, "--pin", status=64)
    linkd.linkctl("link", "x", "--complete", "--key-set", "main", stdin="{}", status=64)


def test_a_list_longer_than_a_page_is_printed_whole(linkd):
    from link.v1 import key_set_pb2, provider_pb2

    pair = provider_pb2.ConsumerKeys(consumer_key="some-key", consumer_secret="some-secret")
    for number in range(501):
        linkd.call("PutKeySet", key_set_pb2.PutKeySetRequest(
            name=f"keySets/k{number:03}", provider=provider_pb2.PROVIDER_X, keys=pair))
    names = [found["name"] for found in shown(linkd, "keys", "list")["keySets"]]
    assert names == [f"keySets/k{number:03}" for number in range(501)]


@pytest.fixture
def account(linkd, fakex):
    """The name of an account that has just been linked."""
    started = linkd.call("StartLink", start_request((fakex.key, fakex.secret)))
    back = fakex.visit(started.authorize_url)
    return linkd.call("CompleteLink", complete_request(started, back)).account.name


def test_a_request_is_signed_as_the_header_that_curl_reads(linkd, fakex, account, tmp_path):
    url = f"{fakex.url}/2/users/me"
    line = linkd.linkctl("sign", "GET", url, "--account", account).stdout
    assert line.startswith("Authorization: OAuth ") and line.count("\n") == 1
    assert 'oauth_signature="' in line and fakex.secret not in line
    signed = urllib.request.Request(url, headers=dict([line.strip().split(": ", 1)]))
    assert json.load(urllib.request.urlopen(signed, timeout=10))["data"]["username"] == "alice"

    body = tmp_path / "body"
    body.write_text("status=two+words&x=%26\n")
    signed = shown(linkd, "sign", "POST", url, "--account", account, "--form", body)
    assert signed["authorization"].startswith("OAuth ")
    body.write_text("no form at all\n")
    refused = linkd.linkctl("sign", "POST", url, "--account", account, "--form", body, status=65)
    assert "no form at all" not in refused.stderr
    linkd.linkctl("sign", "GET", "https://evil.example/", "--account", account, status=3)
