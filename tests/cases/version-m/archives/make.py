#!/usr/bin/env python3
"""Makes the archives beside this file from the programs in ../files: ordinary ones, and ones that
nobody should have to meet. The same bytes at every run."""

import gzip
import io
import pathlib
import struct
import tarfile
import zipfile

HERE = pathlib.Path(__file__).parent
FILES = HERE / "../files"
go = (FILES / "go-program").read_bytes()
rust = (FILES / "list-alone").read_bytes()


def gz(data: bytes) -> bytes:
    return gzip.compress(data, 9, mtime=0)


def tar(members: list[tuple[str, bytes]], links: dict[str, str] | None = None) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, data in members:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        for name, target in (links or {}).items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            archive.addfile(member)
    return out.getvalue()


def zipped(members: list[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def ar(members: list[tuple[str, bytes]]) -> bytes:
    out = b"!<arch>\n"
    for name, data in members:
        out += f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n".encode()
        out += data + b"\n" * (len(data) % 2)
    return out


def write(name: str, data: bytes) -> None:
    (HERE / name).write_bytes(data)


inner = zipped([("bin/rust", rust), ("README", b"hello")])
write("release.tar.gz", gz(tar([("go", go), ("more/inner.zip", inner), ("notes.txt", b"x" * 99)])))
write("package.deb", ar([
    ("debian-binary", b"2.0\n"),
    ("control.tar.gz", gz(tar([("./control", b"Package: x\n")]))),
    ("data.tar.gz", gz(tar([("./usr/bin/go", go)]))),
]))
write("nothing.zip", zipped([("README", b"hello")]))
# A program with its data behind it is no archive without a program.
write("with-assets", go + zipped([("README", b"hello")]))
# Names and links that lead out, which are shown and not followed.
write("outside.tar", tar([("/etc/go", go), ("../../up", rust)], {"link": "/etc/passwd"}))
write("outside.zip", zipped([("/etc/go", go), ("../../up", rust), ("a/../../../b", rust)]))
write("cut.tar.gz", gz(tar([("first", go), ("second", go * 50)]))[:-40])
# A program of 400 MB, nearly all of them zeros, packed twice.
large = io.BytesIO()
with gzip.GzipFile(fileobj=large, mode="wb", compresslevel=9, mtime=0) as stream:
    stream.write(go)
    for _ in range(400):
        stream.write(bytes(1_000_000))
write("bomb.gz", gz(large.getvalue()))
deep = go
for _ in range(6):
    deep = gz(deep)
write("deep.gz", deep)
size = struct.pack("<I", 0xFFFF_FFF0)
write("size.zip", zipped([("go", go)]).replace(struct.pack("<I", len(go)), size))

# Two slices of one place, and a member with holes, as GNU tar writes it.
write("overlap", struct.pack(">II", 0xCAFEBABE, 2)
      + struct.pack(">IIIII", 0x01000007, 3, 4096, 4096, 12)
      + struct.pack(">IIIII", 0x0100000C, 0, 4096, 4096, 12) + bytes(9000))
header = bytearray(tar([("sparse", b"")])[:512])
header[156:157] = b"S"
header[386:410] = b"00000000000\0" + b"00000000100\0"
header[483:495] = b"77777777777\0"
header[148:156] = b" " * 8
header[148:156] = b"%06o\0 " % sum(header)
write("sparse.tar", bytes(header) + bytes(1024))
# The same as POSIX tar writes it: what is special is in an extended header.
out = io.BytesIO()
with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
    member = tarfile.TarInfo("GNUSparseFile.0/sparse")
    member.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0",
                          "GNU.sparse.name": "sparse", "GNU.sparse.realsize": "8589934591"}
    archive.addfile(member)
write("sparse-pax.tar", out.getvalue())
