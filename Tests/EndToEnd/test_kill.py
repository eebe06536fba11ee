"""kill -9 of linkd before every durable step of a call, and after its last: whatever is left can be
gone on from (T102).

The steps are not listed here but observed: a call is killed before its first one, the next call
before its second one, and so on, until one lives to its end; then one after the last step of that,
when everything is done and nobody told.
"""

import itertools
import os
import subprocess
import urllib.parse
import uuid

import grpc
import pytest
from conftest import ROOT, Linkd, complete_request, details_of, start_request

# A call has about a dozen steps; more than that is no end.
MOST_STEPS = 40


@pytest.fixture(scope="session")
def interposer(tmp_path_factory):
    library = tmp_path_factory.mktemp("kill") / "kill.so"
    source = ROOT / "Tests" / "EndToEnd" / "kill.c"
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-O1", "-Wall", "-o", library, source, "-ldl"], check=True)
    return library


class Mortal:
    """A linkd that can be told to die before a step of its next call."""

    def __init__(self, processes, folder, x_url, interposer):
        self.order = folder / "kill-at"
        environment = {
            **os.environ, "LD_PRELOAD": str(interposer), "KILL_AT": str(self.order)}

        def start(*arguments):
            return processes(*arguments, env=environment)

        start.linkds = getattr(processes, "linkds", [])
        self.linkd = Linkd(start, folder, x_url)

    def call(self, *arguments):
        return self.linkd.call(*arguments)

    def reason(self, *arguments):
        """Why a call fails, and in what words."""
        with pytest.raises(grpc.RpcError) as failure:
            self.call(*arguments)
        return details_of(failure.value)["ErrorInfo"].reason, failure.value.details()

    def killed(self, number, method, request):
        """Makes the call with a death before its step of this number; the answer if it lives."""
        self.order.write_text(str(number))
        try:
            answer = self.call(method, request)
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.UNAVAILABLE, error
            answer = None
            assert self.linkd.process.process.wait(20) == -9
        self.order.unlink()
        if answer is None:
            self.linkd.serve()
        return answer

    def steps(self):
        """The steps that were taken since this was asked last."""
        notes = self.order.with_suffix(".steps")
        found = notes.read_text().splitlines() if notes.exists() else []
        notes.unlink(missing_ok=True)
        return found

    def accounts(self, profile):
        from link.v1 import link_service_pb2 as schema

        return list(self.call(
            "ListAccounts", schema.ListAccountsRequest(parent=f"profiles/{profile}")).accounts)

    def is_alive(self, account):
        """Whether X accepts what is signed for the account: whether its secret is there."""
        from link.v1 import account_methods_pb2 as methods, account_pb2

        checked = self.call("CheckAccount", methods.CheckAccountRequest(name=account.name))
        return checked.account.state == account_pb2.ACCOUNT_STATE_ACTIVE


@pytest.fixture
def mortal(processes, tmp_path, fakex, interposer):
    return Mortal(processes, tmp_path, fakex.url, interposer)


def begun(mortal, fakex, profile, by_oauth2=False):
    """A completion that only has to be sent."""
    from link.v1 import link_service_pb2 as schema, provider_pb2

    identity = str(uuid.uuid4())
    if not by_oauth2:
        started = mortal.call("StartLink", start_request((fakex.key, fakex.secret), profile))
        back = fakex.visit(started.authorize_url)
        return complete_request(started, back, profile, request_id=identity)
    started = mortal.call("StartLink", start_request(
        fakex.client, profile, link_method=provider_pb2.LINK_METHOD_OAUTH2))
    back = fakex.visit(started.authorize_url)
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(back).query))
    return schema.CompleteLinkRequest(
        parent=f"profiles/{profile}", link_secret=started.link_secret, request_id=identity,
        code_grant=schema.CodeGrant(state=query["state"], code=query["code"]))


def deaths(mortal, request_of, method):
    """For each step of a call: its number and the request that has died before it, and at the end
    one that has died after the last step of the call that lived.
    """
    steps = []
    for number in itertools.count(1):
        assert number <= MOST_STEPS
        request = request_of(number)
        mortal.steps()
        if mortal.killed(-len(steps) if steps else number, method, request) is None:
            yield number, request
            if steps:
                return
        else:
            # Once more if the last step was one that not every call has: the end of a segment.
            steps = mortal.steps()
            assert 0 < len(steps) < number, (number, steps)
            print(f"{method}: killed before each of", ", ".join(steps))


@pytest.mark.seconds(120)
@pytest.mark.parametrize("by_oauth2", [False, pytest.param(True, marks=pytest.mark.long)])
def test_T102_a_completion_killed_at_every_step(mortal, fakex, by_oauth2):
    def begin(number):
        return begun(mortal, fakex, f"p{number}", by_oauth2)

    ends = []
    for number, request in deaths(mortal, begin, "CompleteLink"):
        profile = f"p{number}"
        asked = fakex.control("calls")["access_token"]
        try:
            account = mortal.call("CompleteLink", request).account
            assert mortal.call("CompleteLink", request).account.name == account.name
            assert [found.name for found in mortal.accounts(profile)] == [account.name]
            assert mortal.is_alive(account)
            ends.append("linked")
        except grpc.RpcError as error:
            assert details_of(error)["ErrorInfo"].reason == "LINK_OUTCOME_UNKNOWN"
            assert "start a new one" in error.details()
            assert mortal.reason("CompleteLink", request)[0] == "LINK_OUTCOME_UNKNOWN"
            assert mortal.accounts(profile) == []
            ends.append("unknown")
        # The verifier is asked about once, before the death or after it; a code works only once.
        assert by_oauth2 or fakex.control("calls")["access_token"] <= asked + 1
        # What the caller is told to do works, and leaves one account, with its secret.
        mortal.call("CompleteLink", begin(number))
        (account,) = mortal.accounts(profile)
        assert mortal.is_alive(account)
    # Before X is asked, while it is asked, and once the account is there.
    assert [end for end, _ in itertools.groupby(ends)] == ["linked", "unknown", "linked"], ends
    assert len(ends) >= 8


@pytest.mark.long
@pytest.mark.seconds(120)
def test_T102_an_unlink_killed_at_every_step(mortal, fakex):
    from link.v1 import account_methods_pb2 as methods

    def linked(number):
        account = mortal.call("CompleteLink", begun(mortal, fakex, f"p{number}")).account
        return methods.UnlinkAccountRequest(name=account.name, allow_missing=True)

    ends = []
    for number, request in deaths(mortal, linked, "UnlinkAccount"):
        accounts = mortal.accounts(f"p{number}")
        # Whole, or gone.
        assert all(mortal.is_alive(account) for account in accounts)
        ends.append(len(accounts))
        mortal.call("UnlinkAccount", request)
        assert mortal.accounts(f"p{number}") == []
        # And linking again works.
        mortal.call("CompleteLink", begun(mortal, fakex, f"p{number}"))
        (account,) = mortal.accounts(f"p{number}")
        assert mortal.is_alive(account)
        mortal.call("UnlinkAccount", methods.UnlinkAccountRequest(name=account.name))
    assert [end for end, _ in itertools.groupby(ends)] == [1, 0], ends


@pytest.mark.long
@pytest.mark.seconds(120)
@pytest.mark.parametrize("method", ["PutKeySet", "DeleteKeySet"])
def test_T102_a_change_of_keys_killed_at_every_step(mortal, fakex, method):
    from link.v1 import key_set_pb2, provider_pb2

    def put(key):
        return key_set_pb2.PutKeySetRequest(
            name="keySets/main", provider=provider_pb2.PROVIDER_X,
            keys=provider_pb2.ConsumerKeys(consumer_key=key, consumer_secret=fakex.secret))

    def sets():
        return list(mortal.call("ListKeySets", key_set_pb2.ListKeySetsRequest()).key_sets)

    def change(number):
        # Whatever came before: the old pair is in place, in a version of its own.
        mortal.call("PutKeySet", put(f"old-key-{number:08}"))
        if method == "PutKeySet":
            return put(f"new-key-{number:08}")
        return key_set_pb2.DeleteKeySetRequest(name="keySets/main", allow_missing=True)

    ends = []
    for number, request in deaths(mortal, change, method):
        found = sets()
        hints = [found.consumer_key_hint for found in found]
        assert hints in ([f"…{number:04}"], [])
        versions = [found.version for found in found]
        mortal.call(method, request)
        if method == "PutKeySet":
            (now,) = sets()
            # One version more than before, whether it was put once or twice.
            assert now.version in (versions[0], versions[0] + 1)
            ends.append(now.version - versions[0])
        else:
            assert sets() == []
            ends.append(len(found))
    assert [end for end, _ in itertools.groupby(ends)] == [1, 0], ends


@pytest.mark.long
@pytest.mark.seconds(120)
def test_a_renewal_killed_at_every_step_leaves_a_good_token_or_says_that_it_is_lost(mortal, fakex):
    from link.v1 import account_methods_pb2 as methods, account_pb2

    def linked(number):
        account = mortal.call("CompleteLink", begun(mortal, fakex, f"p{number}", True)).account
        return methods.CheckAccountRequest(name=account.name)

    ends = []
    for number, request in deaths(mortal, linked, "CheckAccount"):
        account = mortal.call("CheckAccount", request).account
        if account.state != account_pb2.ACCOUNT_STATE_ACTIVE:
            assert account.state == account_pb2.ACCOUNT_STATE_REAUTH_REQUIRED
            assert "the new one was lost" in account.problems[0].summary
            again = mortal.call("CompleteLink", begun(mortal, fakex, f"p{number}", True)).account
            assert again.name == account.name
        ends.append(account_pb2.AccountState.Name(account.state))
        (account,) = mortal.accounts(f"p{number}")
        assert mortal.is_alive(account)
    assert [end[14:] for end, _ in itertools.groupby(ends)] == [
        "ACTIVE", "REAUTH_REQUIRED", "ACTIVE"], ends
