"""Makes the calls of a table by interop-client, our own client, in each of its protocols."""

import struct
import subprocess

from call_cases import CODES
from conftest import BIN
from connect_client import Outcome


def lists(fields):
    """The values of each name."""
    return {field.name: [part.strip() for value in field.values for part in value.split(",")]
            for field in fields}


class OurClient:
    """One interop-client, told on its standard input what to call."""

    def __init__(self, port, schema, protocol, compression="identity", ca=None, options=()):
        self.schema, self.protocol, self.compression = schema, protocol, compression
        trust = ["--tls-ca", ca] if ca else []
        arguments = [BIN / "interop-client", "--port", port, "--protocol", protocol, *trust, *options]
        self.process = subprocess.Popen(
            [str(a) for a in arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def run(self, case):
        """Makes the call of a case."""
        call = self.schema.Call(
            method=case.kind, requests=case.messages(self.schema), timeout_ms=case.timeout_ms,
            full_duplex=bool(case.script.get("full_duplex") and case.script.get("replies")),
            compressed=self.compression != "identity", **case.cancel)
        for name, values in case.sent.items():
            call.headers.add(name=name, values=values)
        return self.make(call)

    def make(self, call):
        """Makes a call."""
        text = call.SerializeToString()
        self.process.stdin.write(struct.pack(">I", len(text)) + text)
        self.process.stdin.flush()
        length, = struct.unpack(">I", self.process.stdout.read(4))
        got = self.schema.Outcome.FromString(self.process.stdout.read(length))
        details = [(detail.type_url.rsplit("/", 1)[-1], detail.value) for detail in got.details]
        return Outcome(
            replies=list(got.replies), code=CODES[got.code - 1] if got.code else None,
            message=got.message, details=details, headers=lists(got.headers),
            trailers=lists(got.trailers))

    def close(self):
        """Lets it end with its input."""
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()
