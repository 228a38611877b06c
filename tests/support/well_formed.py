"""Prints, for each file, a list of what is wrong with it: what lief finds, the rules of each
format's loader, and pages of a Mach-O signature that have another hash than it says."""

import hashlib
import json
import struct
import sys

import lief

lief.logging.disable()

HASHES = {1: hashlib.sha1, 2: hashlib.sha256, 3: hashlib.sha256, 4: hashlib.sha384}


def aligned(value, to):
    return (value + to - 1) // to * to


def pe(binary, data):
    header = binary.optional_header
    end = None
    for section in binary.sections:
        # Windows, but not wine, refuses a hole between two sections.
        if end is not None and section.virtual_address != end:
            yield f"{section.name} does not begin where the section before it ends"
        end = section.virtual_address + aligned(section.virtual_size, header.section_alignment)
        if section.sizeof_raw_data and section.pointerto_raw_data % header.file_alignment:
            yield f"{section.name} is not aligned in the file"
        if section.pointerto_raw_data + section.sizeof_raw_data > len(data):
            yield f"{section.name} ends behind the file"
    if end != header.sizeof_image:
        yield "the size of the image is wrong"
    if header.checksum and header.checksum != checksum(data):
        yield "the checksum is wrong"
    sound, why = lief.PE.check_layout(binary)
    if not sound:
        yield "lief: " + why


def checksum(data):
    """The sum that Windows asks of drivers: of 16-bit words, without the sum's own field."""
    at = struct.unpack_from("<I", data, 0x3C)[0] + 24 + 64
    words = data[:at] + bytes(4) + data[at + 4 :] + bytes(len(data) % 2)
    total = sum(struct.unpack(f"<{len(words) // 2}H", words))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total + len(data)


def macho(binary, image):
    sound, why = lief.MachO.check_layout(binary)
    if not sound:
        yield "lief: " + why
    linkedit = binary.get_segment("__LINKEDIT")
    if linkedit.file_offset + linkedit.file_size != len(image):
        yield "__LINKEDIT does not end with the image"
    if not binary.has_code_signature:
        return
    start = binary.code_signature.data_offset
    blob = image[start : start + binary.code_signature.data_size]
    magic, _, count = struct.unpack_from(">III", blob)
    if magic != 0xFADE0CC0:
        yield "no signature where one should be"
        return
    slots = dict(struct.unpack_from(">II", blob, 12 + 8 * index) for index in range(count))
    for slot, at in slots.items():
        if slot == 0 or 0x1000 <= slot < 0x1006:
            yield from code_directory(blob, at, slots, image, start)


def code_directory(blob, at, slots, image, start):
    words = struct.unpack_from(">9I", blob, at)
    hashes, special, pages, limit = words[4], words[6], words[7], words[8]
    size, kind, _, page = blob[at + 36 : at + 40]
    if words[0] != 0xFADE0C02:
        yield "no code directory"
        return
    if limit != start:
        yield f"the signature covers {limit} bytes of {start}"
    page = 1 << page
    if pages != (limit + page - 1) // page:
        yield f"{pages} hashes for {limit} bytes"
    for index in range(pages):
        stated = blob[at + hashes + index * size :][:size]
        content = image[index * page : min((index + 1) * page, limit)]
        if HASHES[kind](content).digest()[:size] != stated:
            yield f"page {index} has another hash"
    # Requirements (2), entitlements (5 and 7): each blob's hash stands before those of the pages.
    for slot in range(1, special + 1):
        stated = blob[at + hashes - slot * size :][:size]
        if slot in slots:
            length = struct.unpack_from(">I", blob, slots[slot] + 4)[0]
            content = blob[slots[slot] : slots[slot] + length]
            if HASHES[kind](content).digest()[:size] != stated:
                yield f"special slot {slot} has another hash"


def problems(path):
    data = open(path, "rb").read()
    if lief.is_macho(path):
        fat = lief.MachO.parse(path)  # owns what it is asked for
        for binary in fat:
            size = binary.original_size if binary.fat_offset else None
            end = binary.fat_offset + size if size else len(data)
            yield from macho(binary, data[binary.fat_offset : end])
    elif lief.is_pe(path):
        yield from pe(lief.PE.parse(path), data)
    elif lief.is_elf(path):
        if lief.ELF.parse(path) is None:
            yield "lief reads no ELF"
    else:
        yield "lief knows no such file"


print(json.dumps([list(problems(path)) for path in sys.argv[1:]]))
