"""Servers that a client must survive, on ports of 127.0.0.1. Ends when standard input does.

Prints one line: JSON of name -> port, and `dir`, the folder of the certificates.
"""

import gzip
import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import warnings

import h2.config
import h2.connection
import h2.events

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def head(extra=b"", length=2):
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s\r\n" % (length, extra)


def reset(c):
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    c.close()


def trickle(c, data):
    for byte in data:
        c.sendall(bytes([byte]))
        time.sleep(0.05)


def chunked(c, pieces):
    c.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for piece in pieces:
        c.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
    c.sendall(b"0\r\n\r\n")


def gzipped(c):
    bomb = gzip.compress(bytes(10_000_000))
    c.sendall(head(b"Content-Encoding: gzip\r\n", len(bomb)) + bomb)


def many_headers(c):
    c.sendall(b"HTTP/1.1 200 OK\r\n")
    for n in range(4000):
        c.sendall(b"X-%d: aaaaaaaaaaaaaaaa\r\n" % n)
    c.sendall(b"\r\n")


PLAIN = {
    "/limit": lambda c, r: c.sendall(head(length=65536) + b"a" * 65536),
    "/over": lambda c, r: c.sendall(head(length=65537) + b"a" * 65537),
    "/endless": lambda c, r: chunked(c, (b"a" * 4096 for _ in range(10_000))),
    "/headers": lambda c, r: many_headers(c),
    "/interim": lambda c, r: c.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK),
    "/interims": lambda c, r: [c.sendall(b"HTTP/1.1 103 Hi\r\n\r\n") for _ in range(10_000)],
    "/bomb": lambda c, r: gzipped(c),
    "/garbage": lambda c, r: c.sendall(bytes(range(256)) * 4),
    "/chunks": lambda c, r: c.sendall(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnothex\r\n"),
    "/short": lambda c, r: c.sendall(head(length=10) + b"five!"),
    "/silence": lambda c, r: time.sleep(30),
    "/slow": lambda c, r: trickle(c, head(length=1000) + b"a" * 1000),
    "/reset": lambda c, r: reset(c),
    "/close": lambda c, r: None,
    "/echo": lambda c, r: c.sendall(head(length=len(r)) + r),
    "/empty-header": lambda c, r: c.sendall(head(b"X-Empty:\r\nX-Blank:  a b \r\n") + b"ok"),
}
counts = {}


def serve_plain(c, _):
    """One request per connection, answered by its path."""
    request = read_request(c)
    path = request.split(b" ")[1].split(b"?")[0].decode() if b" " in request else ""
    counts[path] = counts.get(path, 0) + 1
    if path.startswith("/count"):
        body = json.dumps(counts).encode()
        c.sendall(head(length=len(body)) + body)
    elif path.startswith("/redirect/"):
        status = path.rsplit("/", 1)[1]
        c.sendall(b"HTTP/1.1 %s Away\r\nLocation: /echo\r\nContent-Length: 0\r\n\r\n"
                  % status.encode())
    elif path in PLAIN:
        PLAIN[path](c, request)


def serve_kept(c, number):
    """Keeps the connection and says its number; hangs up without a word when asked for /last."""
    while (request := read_request(c)):
        path = request.split(b" ")[1].decode()
        counts["kept" + path] = counts.get("kept" + path, 0) + 1
        if path == "/last" and counts["kept" + path] == 1:
            return
        body = b"%d" % number
        c.sendall(head(length=len(body)) + body)


def serve_http2(c, number):
    """Echoes method, path and body; /big is over any limit, /refused is never answered."""
    assert c.selected_alpn_protocol() == "h2"
    connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    connection.initiate_connection()
    c.sendall(connection.data_to_send())
    requests = {}
    while (data := c.recv(65536)):
        for event in connection.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                requests[event.stream_id] = [dict(event.headers), b""]
            elif isinstance(event, h2.events.DataReceived):
                requests[event.stream_id][1] += event.data
            elif isinstance(event, h2.events.StreamEnded):
                answer_http2(connection, event.stream_id, number, *requests[event.stream_id])
        c.sendall(connection.data_to_send())


def answer_http2(connection, stream, number, headers, body):
    path = headers[b":path"]
    counts["h2" + path.decode()] = counts.get("h2" + path.decode(), 0) + 1
    if path == b"/refused":
        connection.reset_stream(stream, 7)
        return
    text = b"%d %s %s " % (number, headers[b":method"], path) + body
    connection.send_headers(stream, [(":status", "200"), ("x-a", "b")])
    if path == b"/big":
        # Over the limit in all, within one frame each. libcurl has opened its window wide by now.
        text = b"a" * 16000
        for _ in range(4):
            connection.send_data(stream, text)
    connection.send_data(stream, text, end_stream=True)


def read_request(c):
    data = b""
    while b"\r\n\r\n" not in data:
        piece = c.recv(65536)
        if not piece:
            return data
        data += piece
    headers, body = data.split(b"\r\n\r\n", 1)
    length = 0
    for line in headers.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    while len(body) < length:
        piece = c.recv(65536)
        if not piece:
            break
        body += piece
    return headers + b"\r\n\r\n" + body


def listen(handler, context=None):
    server = socket.create_server(("127.0.0.1", 0))

    def connection(c, number):
        try:
            if context:
                c = context.wrap_socket(c, server_side=True)
            with c:
                handler(c, number)
        except (OSError, ValueError):
            c.close()

    def accept():
        number = 0
        while True:
            c, _ = server.accept()
            number += 1
            threading.Thread(target=connection, args=(c, number), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return server.getsockname()[1]


# Quick to make, and one that OpenSSL's security level 2 refuses.
EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
WEAK = ("-newkey", "rsa:1024")


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def authority(folder, name):
    openssl("req", "-x509", *EC, "-nodes", "-days", "2", "-subj", f"/CN={name}",
            "-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.pem",
            "-addext", "basicConstraints=critical,CA:TRUE")


def certificate(folder, name, issuer, extensions, days=2, key_type=EC, digest="sha256", chain=False):
    key, request, out, ext = (f"{folder}/{name}.{e}" for e in ("key", "csr", "pem", "ext"))
    with open(ext, "w") as file:
        file.write(extensions)
    # Whoever signs others must not be taken for signed by himself.
    subject = name if name in ("limited", "unchained") else "localhost"
    openssl("req", *key_type, "-nodes", "-subj", f"/CN={subject}", "-keyout", key,
            "-out", request)
    openssl("x509", "-req", "-in", request, "-CA", f"{folder}/{issuer}.pem", "-CAkey",
            f"{folder}/{issuer}.key", "-CAcreateserial", "-days", str(days), "-extfile", ext,
            f"-{digest}", "-out", out)
    if chain:
        with open(out, "a") as file, open(f"{folder}/{issuer}.pem") as above:
            file.write(above.read())
    return out, key


def early(folder):
    """A certificate that is good from 2090 on; x509 cannot make one, ca can."""
    certificate(folder, "early", "ca", RIGHT)
    open(f"{folder}/index.txt", "w").close()
    with open(f"{folder}/ca.cnf", "w") as file:
        file.write(f"[ca]\ndefault_ca=c\n[c]\ndatabase={folder}/index.txt\n"
                   f"new_certs_dir={folder}\ndefault_md=sha256\npolicy=p\nrand_serial=yes\n"
                   "[p]\ncommonName=supplied\n")
    openssl("ca", "-batch", "-notext", "-config", f"{folder}/ca.cnf", "-cert", f"{folder}/ca.pem",
            "-keyfile", f"{folder}/ca.key", "-in", f"{folder}/early.csr", "-out",
            f"{folder}/early.pem", "-startdate", "20900101000000Z", "-enddate", "20910101000000Z",
            "-extfile", f"{folder}/early.ext")
    return f"{folder}/early.pem", f"{folder}/early.key"


RIGHT = "subjectAltName=DNS:localhost,IP:127.0.0.1\n"
# A DNS name with a NUL in it, in DER: `localhost\0.evil`.
CUT = "2.5.29.17=DER:30:11:82:0f:" + b"localhost\0.evil".hex(":")


def tls(folder, name, issuer="ca", extensions=RIGHT,
        maximum=None, handler=serve_plain, protocols=(), **options):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if protocols:
        context.set_alpn_protocols(protocols)
    if maximum:
        # The security level would refuse the old versions on this side already.
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = maximum
    if options.get("key_type") == WEAK or "digest" in options:
        context.set_ciphers("ALL:@SECLEVEL=0")
    context.load_cert_chain(*certificate(folder, name, issuer, extensions, **options))
    return listen(handler, context)


def main():
    # TLS 1.1 is what must not be taken.
    warnings.simplefilter("ignore", DeprecationWarning)
    folder = tempfile.mkdtemp()
    authority(folder, "ca")
    authority(folder, "stranger")
    other = "subjectAltName=DNS:other.example"
    certificate(folder, "limited", "ca", "basicConstraints=critical,CA:TRUE\n"
                "nameConstraints=critical,permitted;DNS:a.example")
    ports = {
        "plain": listen(serve_plain),
        "kept": listen(serve_kept),
        "proxy": listen(lambda c, _: PLAIN["/echo"](c, read_request(c))),
        "talker": listen(lambda c, _: (c.sendall(OK), c.recv(65536))),
        "good": tls(folder, "good"),
        "http2": tls(folder, "http2", handler=serve_http2, protocols=["h2"]),
        "wrongHost": tls(folder, "wrongHost", extensions=other),
        "stranger": tls(folder, "strange", issuer="stranger"),
        "expired": tls(folder, "expired", days=-1),
        "clientOnly": tls(folder, "clientOnly", extensions=RIGHT + "extendedKeyUsage=clientAuth"),
        "weak": tls(folder, "weak", key_type=WEAK),
        "constrained": tls(folder, "constrained", issuer="limited", chain=True),
        "unchained": tls(folder, "unchained", issuer="good", chain=True),
        "cutName": tls(folder, "cutName", extensions=CUT),
        "oldDigest": tls(folder, "oldDigest", digest="sha1"),
        "tls11": tls(folder, "tls11", maximum=ssl.TLSVersion.TLSv1_1),
        "dir": folder,
    }
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/stranger.pem", f"{folder}/stranger.key")
    later = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    later.load_cert_chain(*early(folder))
    ports["early"] = listen(serve_plain, later)
    ports["selfSigned"] = listen(serve_plain, context)
    print(json.dumps(ports), flush=True)
    sys.stdin.read()
    for name in os.listdir(folder):
        os.remove(os.path.join(folder, name))
    os.rmdir(folder)


main()
