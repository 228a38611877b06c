#!/usr/bin/env python3
"""Makes the files beside this one: programs in formats that are not read, as far as their first
bytes tell, packed files that are not opened, and data. The same bytes at every run."""

import io
import pathlib
import struct
import zipfile

HERE = pathlib.Path(__file__).parent

wasm = b"\0asm\x01\0\0\0"
bitcode = b"BC\xc0\xde\x35\x14\0\0"
plan9 = bytes.fromhex("000001eb001452b80000740000012ffc00010bf50007ab700000000000000000")
xcoff = struct.pack(">HHiQHHi", 0x1F7, 10, 0, 0x456439, 120, 2, 0x1E78) + bytes(120)
xcoff += b".text\0\0\0"
dos = b"MZ" + struct.pack("<13H", 64, 1, 0, 4, 0, 0xFFFF, 0, 0, 0, 0, 0, 28, 0) + bytes(64)
java = bytes.fromhex("cafebabe00000041")
go = (HERE / "../files/go-program").read_bytes()


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return out.getvalue()


def encrypted(archive: bytes) -> bytes:
    """Sets the flag in the directory, which is what counts."""
    at = archive.index(b"PK\x01\x02")
    return archive[: at + 8] + b"\x01\0" + archive[at + 10 :]


FILES = {
    "app": go,
    "app.plan9": plan9,
    "native.jar": zipped(
        {"Main.class": java, "linux/lib.so": go, "aix/lib.so": xcoff, "aix/64/lib.so": xcoff}
    ),
    "old.exe": dos,
    "part.bc": bitcode,
    "picture.png": b"\x89PNG\r\n\x1a\n",
    "secret.zip": encrypted(zipped({"app": go})),
    "sources.7z": b"7z\xbc\xaf\x27\x1c\0\x04",
}
FILES |= {f"web{n}.wasm": wasm for n in range(5)}
for name, data in FILES.items():
    (HERE / name).write_bytes(data)
