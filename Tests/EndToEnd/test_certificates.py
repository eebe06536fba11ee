"""Client certificates as who somebody is (T128): openssl makes them, grpcio shows them."""

import hashlib
import json
import ssl
import subprocess

import grpc
import pytest
from conftest import BIN, Linkd, details_of, run

KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
GOOD = "subjectAltName=DNS:shop.example,URI:spiffe://corp.example/shop\nextendedKeyUsage=clientAuth"
# Each is refused by TLS itself: what it is signed by, for how many days, its key, its extensions.
REFUSED = {
    "of a stranger": ("stranger", 2, KEY, GOOD),
    "signed by itself": (None, 2, KEY, GOOD),
    "expired": ("ca", -1, KEY, GOOD),
    "for servers": ("ca", 2, KEY, "subjectAltName=DNS:shop.example\nextendedKeyUsage=serverAuth"),
    "with a weak key": ("ca", 2, ["-newkey", "rsa:1024"], GOOD),
    "signed by one that may not": ("good", 2, KEY, GOOD),
    "outside of its authority's names": ("limited", 2, KEY, GOOD),
    "with a critical extension that nobody knows": (
        "ca", 2, KEY, GOOD + "\n1.2.3.4=critical,ASN1:NULL"),
}
# Each is a good certificate that nobody has let in.
UNKNOWN = {
    "another name": "subjectAltName=DNS:other.example",
    "a name below": "subjectAltName=DNS:a.shop.example",
    "a star": "subjectAltName=DNS:*.example",
    "the name as its subject only": "keyUsage=digitalSignature",
    "the name as an e-mail address": "subjectAltName=email:shop@shop.example",
    "the DNS name as a URI": "subjectAltName=URI:shop.example",
    # DER: a DNS name with a NUL in it, `shop.example\0.evil`.
    "a NUL in the name": "2.5.29.17=DER:30:14:82:12:" + b"shop.example\0.evil".hex(":"),
}


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=60)


class Authority:
    """Makes certificates in a folder, by name."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("ca", "stranger"):
            openssl("req", "-x509", *KEY, "-nodes", "-days", "2", "-subj", f"/CN={name}",
                    "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem")
        self.make("limited", "ca", 2, KEY,
                  "basicConstraints=critical,CA:true\nnameConstraints=critical,permitted;DNS:a.b")
        self.make("good", "ca", 2, KEY, GOOD)

    def make(self, name, issuer, days, key, extensions):
        key_file, request, out = (self.folder / f"{name}.{e}" for e in ("key", "csr", "pem"))
        (self.folder / f"{name}.ext").write_text(extensions)
        openssl("req", *key, "-nodes", "-subj", "/CN=shop.example", "-keyout", key_file,
                "-out", request)
        sign = ["-signkey", key_file] if issuer is None else [
            "-CA", self.folder / f"{issuer}.pem", "-CAkey", self.folder / f"{issuer}.key",
            "-set_serial", str(abs(hash(name)))]
        openssl("x509", "-req", "-in", request, *sign, "-days", str(days),
                "-extfile", self.folder / f"{name}.ext", "-out", out)
        if issuer in ("limited", "good"):
            out.write_text(out.read_text() + (self.folder / f"{issuer}.pem").read_text())
        return name

    def fingerprint(self, name):
        text = (self.folder / f"{name}.pem").read_text()
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(text)).hexdigest()


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("clients"))


@pytest.fixture
def linkd(processes, tmp_path, fakex, certificate, authority):
    return Linkd(processes, tmp_path, fakex.url, "--client-ca", authority.folder / "ca.pem",
                 certificate=certificate)


def let_in(linkd, subject, tenant="shop", scopes="read"):
    made = linkd.linkctl("certificates", "create", "--tenant", tenant, "--scopes", scopes, *subject,
                         "--output", "json")
    return json.loads(made.stdout)["name"]


def outcome(linkd, authority, name, token=None, method="ListAccounts"):
    """What a call ends with that shows this certificate, and perhaps a token."""
    from link.v1 import link_service_pb2 as schema, link_service_pb2_grpc

    shown = [None, None]
    if name:
        shown = [(authority.folder / f"{name}.{part}").read_bytes() for part in ("key", "pem")]
    credentials = grpc.ssl_channel_credentials(linkd.certificate.ca.read_bytes(), *shown)
    metadata = [("authorization", f"Bearer {token}")] if token else []
    with grpc.secure_channel(linkd.address, credentials) as channel:
        stub = link_service_pb2_grpc.LinkServiceStub(channel)
        request = {
            "ListAccounts": schema.ListAccountsRequest(parent="profiles/-"),
            "StartLink": schema.StartLinkRequest()}[method]
        try:
            getattr(stub, method)(request, timeout=20, metadata=metadata)
            return "OK"
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.UNAVAILABLE:
                return details_of(error)["ErrorInfo"].reason
            return "UNAVAILABLE"


def test_T128_a_certificate_speaks_for_its_tenant_once_it_is_let_in(linkd, authority):
    assert outcome(linkd, authority, "good") == "UNAUTHENTICATED"
    subjects = [["--dns", "shop.example"], ["--uri", "spiffe://corp.example/shop"],
                ["--fingerprint", authority.fingerprint("good")]]
    for subject in subjects:
        name = let_in(linkd, subject)
        assert outcome(linkd, authority, "good") == "OK"
        assert outcome(linkd, authority, "good", method="StartLink") == "SCOPE_MISSING"
        linkd.linkctl("certificates", "delete", name)
        assert outcome(linkd, authority, "good") == "UNAUTHENTICATED"
    assert linkd.linkctl("certificates", "list").stdout == ""
    actions = [json.loads(line) for line in (linkd.data / "audit.log").read_text().splitlines()]
    assert sum(a["action"] == "create_certificate" for a in actions) == 3
    assert any(a["token"].startswith("certificate:") and a["tenant"] == "shop" for a in actions)


def test_T128_bad_certificates_are_refused_however_they_are_named(linkd, authority):
    let_in(linkd, ["--dns", "shop.example"])
    let_in(linkd, ["--uri", "spiffe://corp.example/shop"])
    assert outcome(linkd, authority, "good") == "OK"
    for number, (what, (issuer, days, key, extensions)) in enumerate(REFUSED.items()):
        name = authority.make(f"refused-{number}", issuer, days, key, extensions)
        assert outcome(linkd, authority, name) == "UNAVAILABLE", what
        assert outcome(linkd, authority, name, linkd.token) == "UNAVAILABLE", what
    for number, (what, extensions) in enumerate(UNKNOWN.items()):
        name = authority.make(f"unknown-{number}", "ca", 2, KEY, extensions)
        assert outcome(linkd, authority, name) == "UNAUTHENTICATED", what
        # Who is nobody by his certificate is who his token says.
        assert outcome(linkd, authority, name, linkd.token) == "OK", what
    assert outcome(linkd, authority, None) == "UNAUTHENTICATED"
    assert outcome(linkd, authority, "good") == "OK"


def test_T128_a_certificate_of_one_tenant_with_a_token_of_another_is_refused(linkd, authority):
    let_in(linkd, ["--dns", "shop.example"])
    shops, others = (
        linkd.linkctl("tokens", "create", "--tenant", tenant, "--scopes", "read").stdout.strip()
        for tenant in ("shop", "other"))
    assert outcome(linkd, authority, "good", shops) == "OK"
    assert outcome(linkd, authority, "good", others) == "UNAUTHENTICATED"
    assert outcome(linkd, authority, None, others) == "OK"
    # A bad token is not made good by a certificate.
    assert outcome(linkd, authority, "good", "linkd_no") == "UNAUTHENTICATED"


def test_a_subject_speaks_for_one_tenant_and_linkctl_can_show_it(linkd, authority):
    name = let_in(linkd, ["--dns", "shop.example"], scopes="read,admin")
    again = ["certificates", "create", "--scopes", "read", "--dns", "shop.example"]
    assert "speaks for a tenant already" in linkd.linkctl(
        *again, "--tenant", "other", status=3).stderr
    options = ["--server", linkd.url, "--ca-file", linkd.certificate.ca, "--cert",
               authority.folder / "good.pem", "--key", authority.folder / "good.key"]
    listed = run(BIN / "linkctl", "certificates", "list", *options).stdout
    assert name in listed and "dns:shop.example" in listed and "read,admin" in listed
    refused = run(BIN / "linkctl", "certificates", "delete", name, *options, status=3)
    assert "the credential that he calls with" in refused.stderr
    for wrong in (["--fingerprint", "AB" * 32], ["--dns", "Shop.example"], ["--uri", "shop"]):
        linkd.linkctl("certificates", "create", "--tenant", "t", "--scopes", "read", *wrong,
                      status=3)
    linkd.linkctl("certificates", "create", "--tenant", "t", "--scopes", "read", status=64)


def test_a_client_ca_needs_tls(linkd, tmp_path, authority):
    done = run(BIN / "linkd", "serve", "--data", tmp_path / "no", "--client-ca",
               authority.folder / "ca.pem", status=64)
    assert "--client-ca needs --tls-cert and --tls-key" in done.stderr
