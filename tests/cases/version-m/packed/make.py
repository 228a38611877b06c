#!/usr/bin/env python3
"""Makes the inputs beside this file: programs and scripts with an archive behind them, and images of
disks, each as small as its marks allow."""

import pathlib
import struct

HERE = pathlib.Path(__file__).parent
PROGRAM = (HERE / "../signs/plain").read_bytes()


def write(name: str, data: bytes) -> None:
    (HERE / name).write_bytes(data)


write("unpacks-7z", PROGRAM + b"7z\xbc\xaf\x27\x1c" + bytes(26))
write("installer", PROGRAM + bytes(4) + b"\xef\xbe\xad\xdeNullsoftInst" + bytes(16))
write("app-image", PROGRAM + b"hsqs" + bytes(92))
write("app.run", b"#!/bin/sh\n# This script was generated using Makeself 2.4.5\nexit 0\n" + b"\x1f\x8b\x08\0")
write("old.bin", b"#!/bin/sh\ntail -n +4 $0 | tar xz\nexit 0\n" + b"\x1f\x8b\x08\0")
write("plain.sh", b"#!/bin/sh\necho hello\n")
write("disk.iso", b"\0" * 0x8000 + b"\x01CD001\x01")
trailer = b"koly" + struct.pack(">II", 4, 512)
write("disk.dmg", b"\x78\x01\x63\0" + bytes(600) + trailer + bytes(512 - len(trailer)))
