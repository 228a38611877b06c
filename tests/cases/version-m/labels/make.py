#!/usr/bin/env python3
"""Makes the container image beside this file, as `docker save` writes it: one program, and a label
and an annotation whose keys are those of rgo's own JSON."""

import hashlib
import io
import json
import pathlib
import tarfile

HERE = pathlib.Path(__file__).parent


def tar(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), 0o755
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


layer = tar({"usr/bin/app": (HERE / "../files/go-program").read_bytes()})
config = {
    "architecture": "amd64",
    "os": "linux",
    "config": {"Labels": {"evidence": "kept", "confidence": "kept too"}},
    "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]},
}
manifest = [{"Config": "config.json", "RepoTags": ["example.org/app:1"], "Layers": ["layer.tar"]}]
image = {
    "manifest.json": json.dumps(manifest).encode(),
    "config.json": json.dumps(config).encode(),
    "layer.tar": layer,
}
(HERE / "image.tar").write_bytes(tar(image))
