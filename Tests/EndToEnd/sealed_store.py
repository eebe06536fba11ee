"""Reads the files of a store as Sources/Store/FORMAT.md describes them, with nothing of linkd's own."""

import base64
import ctypes
import ctypes.util
import hashlib
import hmac
import struct
import zlib

CRYPTO = ctypes.CDLL(ctypes.util.find_library("crypto"))
CRYPTO.EVP_CIPHER_CTX_new.restype = ctypes.c_void_p
CRYPTO.EVP_aes_256_gcm.restype = ctypes.c_void_p
SET_TAG = 0x11


def open_gcm(key, nonce, sealed, tag, associated):
    """AES-256-GCM by libcrypto; fails if anything was changed."""
    context = ctypes.c_void_p(CRYPTO.EVP_CIPHER_CTX_new())
    out, count = ctypes.create_string_buffer(len(sealed) + 16), ctypes.c_int()
    size = ctypes.byref(count)
    steps = (
        CRYPTO.EVP_DecryptInit_ex(
            context, ctypes.c_void_p(CRYPTO.EVP_aes_256_gcm()), None, key, nonce),
        CRYPTO.EVP_DecryptUpdate(context, None, size, associated, len(associated)),
        CRYPTO.EVP_DecryptUpdate(context, out, size, sealed, len(sealed)),
        CRYPTO.EVP_CIPHER_CTX_ctrl(context, SET_TAG, len(tag), tag),
        CRYPTO.EVP_DecryptFinal_ex(context, ctypes.create_string_buffer(16), size))
    CRYPTO.EVP_CIPHER_CTX_free(context)
    assert steps == (1,) * 5, "it does not open"
    return out.raw[:len(sealed)]


def master_keys(text):
    """Version and bytes of each key in a master key file."""
    lines = [line.split() for line in text.splitlines() if line.startswith("linkd-key-v1 ")]
    return {int(version): base64.b64decode(key) for _, version, key in lines}


def data_key(header, keys):
    """The key of a segment, which proves its header."""
    version, = struct.unpack_from("<I", header, 12)
    early = hmac.digest(header[32:48], keys[version], hashlib.sha256)
    key = hmac.digest(early, b"linkd store data key v1\x01", hashlib.sha256)
    return open_gcm(key, bytes(12), header[88:120], header[120:136], header[:88])


def records(file, keys):
    """Kind, sequence number and content of each record of a log or a snapshot, in order."""
    header = file[:4096]
    assert header[:8] == b"linkdlog" and zlib.crc32(header[:4092]) == struct.unpack_from(
        "<I", header, 4092)[0]
    key, chain = data_key(header, keys), header[72:88]
    if header[10] == 2:
        # The records of a snapshot are a chain of their own.
        chain = bytes(16)
    place, found = 4096, []
    while True:
        if file[place:place + 4] != b"Rec1":
            # The next group begins with a sector.
            place = -(-place // 512) * 512
            if file[place:place + 4] != b"Rec1":
                return found
        length, = struct.unpack_from("<I", file, place + 4)
        head, end = file[place:place + 32], place + 32 + length
        tag = file[end:end + 16]
        assert zlib.crc32(file[place:end + 16]) == struct.unpack_from("<I", file, end + 16)[0]
        nonce = bytes(4) + head[16:24][::-1]
        found.append((head[8], int.from_bytes(head[16:24], "little"), open_gcm(
            key, nonce, file[place + 32:end], tag, head + header[32:48] + header[12:16] + chain)))
        place, chain = end + 20, tag


def payloads(file, keys):
    """What each record of a log or a snapshot holds, in order."""
    return [payload for _, _, payload in records(file, keys)]


def entries(data):
    """Version and value of each key in the store of a data directory, by what its files say."""
    keys = master_keys((data / "master.key").read_text())
    snapshots = sorted((data / "store").glob("*.snapshot"))[-1:]
    first = snapshots[0].stem if snapshots else ""
    logs = sorted(path for path in (data / "store").glob("*.log") if path.stem > first)
    state = {}

    def take(payload, place):
        """The bytes at a place that begin with their length, and the place after them."""
        end = place + 4 + int.from_bytes(payload[place:place + 4], "little")
        return payload[place + 4:end], end

    for path in snapshots + logs:
        for kind, sequence, payload in records(path.read_bytes(), keys):
            place = 0
            while kind != 3 and place < len(payload):
                is_put, version = True, sequence
                if kind == 2:
                    version, place = int.from_bytes(payload[place:place + 8], "little"), place + 8
                else:
                    is_put, place = payload[place] == 1, place + 1
                key, place = take(payload, place)
                if is_put:
                    value, place = take(payload, place)
                    state[key] = version, value
                else:
                    state.pop(key, None)
    return state


def everything(data):
    """All that is in the store of a data directory, opened: by the name of the file."""
    keys = master_keys((data / "master.key").read_text())
    files = [*data.rglob("*.log"), *data.rglob("*.snapshot")]
    files = [path for path in files if path.parent.name == "store"]
    assert files, list(data.rglob("*"))
    return {str(path): b"\0".join(payloads(path.read_bytes(), keys)) for path in files}
