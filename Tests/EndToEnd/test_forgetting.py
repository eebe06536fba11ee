"""What was unlinked or deleted is in no file any more, not even for who has the master key (T126)."""

import urllib.parse

import pytest
from conftest import CALLBACK, Linkd, complete_request, start_request
from provider import Provider
from sealed_store import everything
from secrets_search import leaks

KEYS = ("FORGETconsumerkey0001", "FORGETconsumersecret/+=&%~0002")
SECRETS = {
    "consumer secret": KEYS[1], "request token secret": "FORGETrequesttokensecret/+=0003",
    "access token": "77-FORGETaccesstoken0004", "access token secret": "FORGETtokensecret/+=0005",
    "verifier": "FORGETverifier0006"}


@pytest.fixture
def linkd(processes, tmp_path):
    provider = Provider(
        request_token="requesttoken-0007",
        request_token_secret=SECRETS["request token secret"],
        access_token=SECRETS["access token"], access_token_secret=SECRETS["access token secret"])
    with provider.serving() as url:
        yield Linkd(processes, tmp_path, url)


def found_in(places):
    return {name for name, _, _ in leaks(SECRETS, places)}


def furnish(linkd):
    """A key set, and an account that was linked with it, of which everything secret is found."""
    from link.v1 import key_set_pb2, provider_pb2

    linkd.call("PutKeySet", key_set_pb2.PutKeySetRequest(
        name="keySets/main", provider=provider_pb2.PROVIDER_X,
        keys=provider_pb2.ConsumerKeys(consumer_key=KEYS[0], consumer_secret=KEYS[1])))
    request = start_request(KEYS)
    request.key_set = "keySets/main"
    started = linkd.call("StartLink", request)
    back = f"{CALLBACK}?" + urllib.parse.urlencode({
        "oauth_token": "requesttoken-0007", "oauth_verifier": SECRETS["verifier"]})
    account = linkd.call("CompleteLink", complete_request(started, back)).account

    # Who has the master key finds what is there: else it would be no wonder that it is nowhere later.
    assert found_in(everything(linkd.data)) == set(SECRETS) - {"verifier"}
    return account


def remains(linkd):
    """All that can be read of the data, as soon as linkd has answered: of the secrets nothing."""
    places = everything(linkd.data)
    assert not found_in(places)
    assert not found_in({
        str(path): path.read_bytes() for path in linkd.data.rglob("*") if path.is_file()})
    return b"".join(places.values())


def test_T126_what_is_forgotten_is_at_once_in_no_file(linkd):
    from link.v1 import account_methods_pb2 as accounts, key_set_pb2, link_service_pb2 as schema

    account = furnish(linkd)
    unlinked = linkd.call("UnlinkAccount", accounts.UnlinkAccountRequest(name=account.name))
    assert unlinked.revocation == accounts.TOKEN_REVOCATION_DONE
    linkd.call("DeleteKeySet", key_set_pb2.DeleteKeySetRequest(name="keySets/main"))
    assert account.name.encode() in remains(linkd), "the feed tells of the account"
    assert not linkd.call("ListAccounts", schema.ListAccountsRequest(parent="profiles/-")).accounts


def test_T126_of_a_deleted_tenant_no_file_tells(linkd):
    admin = linkd.token
    linkd.token = linkd.linkctl(
        "tokens", "create", "--tenant", "forgotten-shop", "--scopes", "read,link").stdout.strip()
    account = furnish(linkd)
    # The provider is told first, so that no token has to be kept for that.
    from link.v1 import account_methods_pb2 as accounts

    linkd.call("UnlinkAccount", accounts.UnlinkAccountRequest(name=account.name))
    linkd.linkctl("tenants", "delete", "forgotten-shop")
    linkd.token = admin
    assert b"forgotten-shop" not in remains(linkd)
