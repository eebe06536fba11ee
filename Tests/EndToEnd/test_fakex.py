"""fakex as a stranger sees it: oauthlib's client, and the controls over HTTP."""

import base64
import json
import re
import urllib.error
import urllib.parse
import urllib.request

import pytest
from oauthlib.oauth1 import Client

from conftest import BIN, run

KEY = "fakexGoodKey0000000001"
SECRET = "fakexGoodSecret00000000000000000000000001"
CALLBACK = "http://127.0.0.1:8484/callback"


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


OPENER = urllib.request.build_opener(NoRedirect)


def fetch(url, data=None, headers=None):
    """Status, headers and text, whatever the status."""
    request = urllib.request.Request(url, data=data, headers=headers or {})
    try:
        answer = OPENER.open(request, timeout=10)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return answer.status, answer.headers, answer.read().decode()


def signed(client, url, method="POST", form=None):
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if form else None
    url, headers, body = client.sign(url, http_method=method, body=form, headers=headers)
    data = (body or "").encode() if method == "POST" else None
    return fetch(url, data, headers)


@pytest.fixture
def fakex(processes):
    process = processes(BIN / "fakex", "serve", "--port", "0")
    yield process.wait_for("listening on ")
    assert process.stop() == 0


def request_token(fakex, callback):
    status, _, text = signed(Client(KEY, SECRET, callback_uri=callback),
                             f"{fakex}/oauth/request_token")
    assert status == 200, text
    return dict(urllib.parse.parse_qsl(text))


def access_token(fakex, token, verifier):
    client = Client(KEY, SECRET, token["oauth_token"], token["oauth_token_secret"],
                    verifier=verifier)
    return signed(client, f"{fakex}/oauth/access_token")


def test_oauthlib_links_by_callback_and_the_page_can_be_clicked(fakex):
    token = request_token(fakex, CALLBACK)
    status, _, page = fetch(f"{fakex}/oauth/authorize?oauth_token={token['oauth_token']}")
    assert status == 200
    fields = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', page))
    fields |= {"screen_name": "bob", "choice": "authorize"}
    action = re.search(r'<form method="post" action="([^"]*)"', page)[1]
    status, headers, _ = fetch(fakex + action, urllib.parse.urlencode(fields).encode())
    assert status == 302 and headers["Location"].startswith(CALLBACK + "?")
    back = dict(urllib.parse.parse_qsl(headers["Location"].split("?")[1]))
    assert back["oauth_token"] == token["oauth_token"]

    status, _, text = access_token(fakex, token, back["oauth_verifier"])
    assert status == 200
    linked = dict(urllib.parse.parse_qsl(text))
    assert (linked["screen_name"], linked["user_id"]) == ("bob", "2002")

    user = Client(KEY, SECRET, linked["oauth_token"], linked["oauth_token_secret"])
    url = f"{fakex}/1.1/account/verify_credentials.json?skip_status=true&x=a%20b%2Bc"
    status, headers, text = signed(user, url, "GET")
    assert (status, headers["x-access-level"]) == (200, "read-write")
    assert json.loads(text)["name"] == "Bob <b>& Sons</b>"
    assert signed(user, f"{fakex}/1.1/oauth/invalidate_token.json")[0] == 200
    assert signed(user, f"{fakex}/2/users/me", "GET")[0] == 401


def test_oauthlib_links_by_pin_once(fakex):
    token = request_token(fakex, "oob")
    url = f"{fakex}/oauth/authorize?oauth_token={token['oauth_token']}&auto=approve&user=alice"
    pin = fetch(url)[1]["x-fakex-pin"]
    assert re.fullmatch(r"\d{7}", pin)
    assert access_token(fakex, token, pin)[0] == 200
    assert access_token(fakex, token, pin)[0] == 401


def test_keys_alone_give_a_bearer_token(fakex):
    basic = base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
    status, _, text = fetch(f"{fakex}/oauth2/token", b"grant_type=client_credentials",
                            {"Authorization": f"Basic {basic}"})
    assert status == 200 and json.loads(text)["token_type"] == "bearer"


def test_controls_make_an_endpoint_fail_and_count_its_calls(fakex):
    fetch(f"{fakex}/_fakex/fail", b"endpoint=request_token&code=415&format=xml")
    status, _, text = signed(Client(KEY, SECRET, callback_uri="oob"),
                             f"{fakex}/oauth/request_token")
    assert status == 403 and '<error code="415">' in text
    request_token(fakex, "oob")
    assert json.loads(fetch(f"{fakex}/_fakex/calls")[2])["request_token"] == 2
    assert fetch(f"{fakex}/_fakex/fail", b"endpoint=nowhere")[0] == 400


def test_the_oauth1_client_of_requests_oauthlib_is_accepted(fakex):
    # T104, the other way round: fakex verifies signatures as strangers make them.
    from requests_oauthlib import OAuth1Session
    from requests_oauthlib.oauth1_session import TokenRequestDenied

    session = OAuth1Session(KEY, client_secret=SECRET, callback_uri=CALLBACK)
    session.fetch_request_token(f"{fakex}/oauth/request_token")
    page = session.authorization_url(f"{fakex}/oauth/authorize")
    back = run(BIN / "fakex", "visit", "--approve", "--user", "bob", page).stdout.strip()
    session.parse_authorization_response(back)
    token = session.fetch_access_token(f"{fakex}/oauth/access_token")
    assert (token["user_id"], token["screen_name"]) == ("2002", "bob")
    who = f"{fakex}/1.1/account/verify_credentials.json?include_entities=false&x=a%20b%2B~"
    assert session.get(who, timeout=10).json()["screen_name"] == "bob"
    end = f"{fakex}/1.1/oauth/invalidate_token.json"
    assert session.post(end, data={"status": "Ladies + Gentlemen, \u2603"}, timeout=10).ok
    assert session.get(who, timeout=10).status_code == 401
    wrong = OAuth1Session(KEY, client_secret="wrong", callback_uri=CALLBACK)
    with pytest.raises(TokenRequestDenied):
        wrong.fetch_request_token(f"{fakex}/oauth/request_token")
