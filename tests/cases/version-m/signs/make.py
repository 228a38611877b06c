#!/usr/bin/env python3
"""Makes the inputs beside this file: programs for other systems and byte orders, programs that hide
their toolchain, programs with something appended."""

import pathlib
import struct

HERE = pathlib.Path(__file__).parent


def elf(payload: bytes, machine: int = 62, order: str = "<", address: int = 0x100000) -> bytes:
    """An ELF executable of one writable segment."""
    size = 128 + len(payload)
    header = b"\x7fELF\x02" + (b"\x01" if order == "<" else b"\x02") + b"\x01" + bytes(9)
    header += struct.pack(order + "HHIQQQIHHHHHH", 2, machine, 1, 0, 64, 0, 0, 64, 56, 1, 64, 0, 0)
    header += struct.pack(order + "IIQQQQQQ", 1, 6, 0, address, address, size, size, 0x1000)
    return header.ljust(128, b"\0") + payload


def go(version: bytes, modinfo: bytes) -> bytes:
    """Go's build information in its inline form."""
    blob = b"\xff Go buildinf:\x08\x02".ljust(32, b"\0")
    for text in (version, b"0" * 16 + modinfo + b"1" * 16):
        assert len(text) < 128
        blob += bytes([len(text)]) + text
    return blob


def write(name: str, data: bytes) -> None:
    (HERE / name).write_bytes(data)


plain = elf(b"no sign of anything")
write("plain", plain)
write("experiment", elf(go(b"go1.26.8-X:nodwarf5", b"path\tx\nbuild\tGOOS=dragonfly\n\n")))
write("hidden", elf(go(b"unknown", b"")))
write("kernel", elf(b"starts by itself", address=0xFFFFFFFF81000000))
write("ppc64", elf(b"no sign of anything", machine=21, order=">"))
write("ppc64le", elf(b"no sign of anything", machine=21))

write("with-zip", plain + b"PK\x03\x04 a member PK\x05\x06" + bytes(18))
write("with-data", plain + b"\x80\x81\x82\x83")
write("with-zeros", plain + bytes(64))
