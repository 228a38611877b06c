#!/usr/bin/env python3
"""Makes the small inputs beside this file from those of crates/rgo-binary/tests/fixtures/read.

Needs llvm-objcopy (any version) as $OBJCOPY."""

import os
import pathlib
import struct
import subprocess

HERE = pathlib.Path(__file__).parent
READ = HERE / "../../../../crates/rgo-binary/tests/fixtures/read"


def elf(payload: bytes) -> bytes:
    """An ELF executable of one writable segment."""
    size = 128 + len(payload)
    header = b"\x7fELF\x02\x01\x01" + bytes(9)
    header += struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0, 64, 0, 0, 64, 56, 1, 64, 0, 0)
    header += struct.pack("<IIQQQQQQ", 1, 6, 0, 0x100000, 0x100000, size, size, 0x1000)
    return header.ljust(128, b"\0") + payload


def go(version: bytes, modinfo: bytes) -> bytes:
    """Go's build information in its inline form."""
    blob = b"\xff Go buildinf:\x08\x02".ljust(32, b"\0")
    for text in (version, b"0" * 16 + modinfo + b"1" * 16):
        assert len(text) < 128
        blob += bytes([len(text)]) + text
    return blob


def fat(slices: list[tuple[int, int, bytes]]) -> bytes:
    """A Mach-O file for several architectures."""
    header, body = struct.pack(">II", 0xCAFEBABE, len(slices)), b""
    for cpu, subtype, data in slices:
        body = body.ljust(-(-len(body) // 4096) * 4096, b"\0")
        header += struct.pack(">IIIII", cpu, subtype, 4096 + len(body), len(data), 12)
        body += data
    return header.ljust(4096, b"\0") + body


def write(name: str, data: bytes) -> None:
    (HERE / name).write_bytes(data)


sample = (READ / "sample.elf").read_bytes()
macho = (READ / "sample.macho").read_bytes()
# What makes a Mach-O image an arm64 one, for a reader that does not run it.
arm64 = macho[:4] + struct.pack("<II", 0x0100000C, 0) + macho[12:]

write("nothing-said", elf(b"no build information"))
write("go-program", elf(go(b"go1.26.8", b"path\tx\nmod\tx\t(devel)\t\ndep\ty\tv1.0.0\th1:a\n=>\tz\tv2.0.0\th1:b\n\n")))
write("cut-short", sample[:200])
note_broken = sample.replace(b"rustc 1.96.0\npath", b"rustc 1.96.0\n\xff\xffth")
# The zlib stream of the dependency list starts 78 9c.
write("note-broken", note_broken)
write("list-broken", sample.replace(b"\x78\x9c", b"\x78\x00"))
write("all-broken", note_broken.replace(b"\x78\x9c", b"\x78\x00"))
write("universal", fat([(0x01000007, 3, macho), (0x0100000C, 0, arm64)]))
write("Hello.class", bytes.fromhex("cafebabe00000041000d0a"))
write("script.sh", b"#!/bin/sh\nexit 0\n")
write("empty", b"")
objcopy = os.environ.get("OBJCOPY", "llvm-objcopy")
subprocess.run([objcopy, "--remove-section=.rgo-bi", READ / "sample.elf", HERE / "list-alone"], check=True)
