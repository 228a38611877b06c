#!/usr/bin/env python3
"""Makes two-layers.tar and two-layers/ beside this file: one image of two layers, as `docker save`
writes it and as an OCI layout, the list before the layers and behind them. The upper layer replaces
one program, deletes one and empties a folder. The same bytes at every run. (make.sh makes images by
other tools.)"""

import gzip
import hashlib
import io
import json
import pathlib
import tarfile

HERE = pathlib.Path(__file__).parent
go = (HERE / "../files/go-program").read_bytes()
rust = (HERE / "../files/list-alone").read_bytes()


def tar(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            if name.endswith("/"):
                member.type = tarfile.DIRTYPE
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


LAYERS = [
    tar({
        "usr/": b"",
        "usr/bin/": b"",
        "usr/bin/kept": go,
        "usr/bin/same": rust,
        "usr/bin/old": rust,
        "opt/": b"",
        "opt/tool/cmd": rust,
    }),
    tar({
        "usr/": b"",
        "usr/bin/": b"",
        "usr/bin/same": go,
        "usr/bin/.wh.old": b"",
        "opt/": b"",
        "opt/.wh..wh..opq": b"",
        "opt/new": go,
    }),
]


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def text(value) -> bytes:
    return json.dumps(value).encode()


config = text({
    "architecture": "arm64",
    "os": "linux",
    "config": {},
    "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest(layer)}" for layer in LAYERS]},
})
saved = text([{
    "Config": f"{digest(config)}.json",
    "RepoTags": ["example.org/app:1.0"],
    "Layers": [f"{digest(layer)}/layer.tar" for layer in LAYERS],
}])
# The upper layer first: the order in the file says nothing.
members = {f"{digest(layer)}/layer.tar": layer for layer in reversed(LAYERS)}
members |= {f"{digest(config)}.json": config, "manifest.json": saved}
(HERE / "two-layers.tar").write_bytes(tar(members))

LAYOUT = HERE / "two-layers"
(LAYOUT / "blobs/sha256").mkdir(parents=True, exist_ok=True)


def blob(data: bytes, kind: str, **more) -> dict:
    (LAYOUT / "blobs/sha256" / digest(data)).write_bytes(data)
    return {"mediaType": kind, "digest": f"sha256:{digest(data)}", "size": len(data), **more}


OCI = "application/vnd.oci.image"
manifest = text({
    "schemaVersion": 2,
    "mediaType": f"{OCI}.manifest.v1+json",
    "config": blob(config, f"{OCI}.config.v1+json"),
    "layers": [
        blob(gzip.compress(layer, 9, mtime=0), f"{OCI}.layer.v1.tar+gzip") for layer in LAYERS
    ],
})
named = {"org.opencontainers.image.ref.name": "1.0"}
index = {
    "schemaVersion": 2,
    "manifests": [blob(manifest, f"{OCI}.manifest.v1+json", annotations=named)],
}
(LAYOUT / "index.json").write_bytes(text(index))
(LAYOUT / "oci-layout").write_bytes(text({"imageLayoutVersion": "1.0.0"}))
