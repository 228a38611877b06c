#!/bin/sh
# Makes the container images beside this file by tools that are not ours: umoci 0.4.7 and skopeo
# 1.9.3, as Debian 12 has them. One image of three layers: two programs, a third program, and a
# whiteout of the second. saved.tar is what `docker save` writes, layout.tar an OCI layout whose
# first layer is compressed by zstd and whose others are by gzip.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
day=2001-02-03T04:05:06Z

mkdir -p one/usr/bin two/usr/bin
cp "$here/../files/go-program" one/usr/bin/app
cp "$here/../files/list-alone" one/usr/bin/old
cp "$here/../files/list-alone" two/usr/bin/new
find one two -exec touch -d $day {} +

insert() { umoci insert --rootless --history.created $day "$@"; }
finish() {
    insert --image "$1" two/usr/bin /usr/bin
    insert --whiteout --image "$1" /usr/bin/old
    umoci config --image "$1" --created $day --history.created $day --os linux \
        --architecture arm64 --config.label org.opencontainers.image.source=https://example.org/app \
        --manifest.annotation org.example.made-by=hand
}
umoci init --layout plain
umoci new --image plain:app
insert --image plain:app one/ /
skopeo copy --quiet --dest-compress-format zstd oci:plain:app oci:image:app
finish plain:app
finish image:app
umoci gc --layout image

# That version knows no zstd in what Docker saves.
skopeo copy --quiet oci:plain:app docker-archive:saved.tar:example.org/app:1.0
tar --sort=name --mtime=$day --owner=0 --group=0 --numeric-owner -C image -cf layout.tar .
cp saved.tar layout.tar "$here"
