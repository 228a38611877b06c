"""Prints the entitlements of a Mach-O program's signature, and computes every hash in it anew: of its
pages, of its entitlements, and of its Info.plist.

The layout is that of XNU's osfmk/kern/cs_blobs.h; nothing of rgo is used.
"""

import hashlib
import struct
import sys

import lief

path = sys.argv[1]
data = open(path, "rb").read()
program = lief.MachO.parse(path).at(0)
start = program.code_signature.data_offset
magic, _, count = struct.unpack_from(">III", data, start)
assert magic == 0xFADE0CC0, hex(magic)
blobs = {}
for number in range(count):
    slot, offset = struct.unpack_from(">II", data, start + 12 + 8 * number)
    _, length = struct.unpack_from(">II", data, start + offset)
    blobs[slot] = data[start + offset : start + offset + length]

print(blobs[5][8:].decode())
directory = blobs[0]
hashes, _, special, pages, limit = struct.unpack_from(">IIIII", directory, 16)
size, kind, _, page = struct.unpack_from(">BBBB", directory, 36)
assert (size, kind) == (32, 2), (size, kind)
(flags,) = struct.unpack_from(">Q", directory, 80)
print("flags", hex(flags))
for number in range(pages):
    content = data[number << page : min((number + 1) << page, limit)]
    wanted = directory[hashes + size * number : hashes + size * (number + 1)]
    assert hashlib.sha256(content).digest() == wanted, f"page {number}"
for slot in (5, 7):
    assert slot <= special
    wanted = directory[hashes - size * slot : hashes - size * (slot - 1)]
    assert hashlib.sha256(blobs[slot]).digest() == wanted, f"slot {slot}"
plist = program.get_section("__info_plist")
if plist is not None:
    print("has an Info.plist")
    wanted = directory[hashes - size : hashes]
    assert hashlib.sha256(bytes(plist.content)).digest() == wanted, "Info.plist"
print("every hash holds")
