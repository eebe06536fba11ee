"""Searches for a secret in every form in which programs let secrets slip."""

import base64
import pathlib
import threading
import time
import urllib.parse


def forms(secret):
    """The secret raw, in hex, in Base64 whatever stands before it, and percent-encoded."""
    if isinstance(secret, str):
        secret = secret.encode()
    found = {"raw": secret, "hex": secret.hex().encode(), "HEX": secret.hex().upper().encode()}
    for shift in range(3):
        # What depends on the bytes before and after the secret is cut off.
        encoded = base64.b64encode(bytes(shift) + secret)
        first = -(-shift * 8 // 6)
        last = (shift + len(secret)) * 8 // 6
        found[f"base64+{shift}"] = encoded[first:last]
        found[f"base64url+{shift}"] = encoded[first:last].translate(bytes.maketrans(b"+/", b"-_"))
    found["percent"] = urllib.parse.quote(secret, safe="").encode()
    found["percent, all"] = "".join(f"%{byte:02X}" for byte in secret).encode()
    found["percent, all, lower case"] = found["percent, all"].lower()
    found["percent, twice"] = urllib.parse.quote(found["percent"], safe="").encode()
    found["reversed"] = secret[::-1]
    return {name: form for name, form in found.items() if len(form) >= 8}


def leaks(secrets, places):
    """Which of the named secrets stand in which of the named places (bytes), and in what form."""
    return [
        (name, place, form)
        for name, secret in secrets.items()
        for form, pattern in forms(secret).items()
        for place, data in places.items()
        if pattern in data]


class ProcessWatch:
    """Looks at the arguments and the environment of our programs for as long as it runs."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder).resolve()
        self.places = {}
        self.programs = set()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *failure):
        self._end.set()
        self._thread.join()

    def _watch(self):
        while not self._end.is_set():
            for process in pathlib.Path("/proc").glob("[0-9]*"):
                self._look(process)
            time.sleep(0.002)

    def _look(self, process):
        try:
            arguments = (process / "cmdline").read_bytes()
            program = pathlib.Path(arguments.split(b"\0")[0].decode())
            if program.parent.resolve() != self.folder:
                return
            self.programs.add(program.name)
            self._keep(f"{process.name}: arguments", arguments)
            self._keep(f"{process.name}: environment", (process / "environ").read_bytes())
        except (OSError, UnicodeDecodeError):
            # It has ended meanwhile, or does not let itself be looked at.
            pass

    def _keep(self, place, data):
        self.places[place] = self.places.get(place, b"") + b"\n" + data
