#!/bin/sh
# A base for the Dockerfile where no image registry is reached: Debian with Python, made by
# debootstrap, as the local image NAME. Needs root, debootstrap and buildah.
#   deploy/image/make-base.sh localhost/bridge-base
set -eu

name=${1:?usage: make-base.sh NAME}
suite=${SUITE:-bookworm}
mirror=${MIRROR:-http://deb.debian.org/debian}
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv \
    "$suite" "$root/base" "$mirror" >"$root/log" 2>&1 || { tail -n 20 "$root/log"; exit 1; }

# What only apt needs, and what differs each time.
rm -rf "$root"/base/var/lib/apt/lists/* "$root"/base/var/cache/apt/* \
    "$root"/base/var/cache/debconf/*-old "$root"/base/var/cache/ldconfig/aux-cache \
    "$root"/base/var/log/* "$root"/base/debootstrap "$root"/base/etc/machine-id
find "$root/base" -name __pycache__ -prune -exec rm -rf {} +
find "$root/base/usr/share/doc" -type f ! -name copyright -delete
rm -rf "$root"/base/usr/share/man/* "$root"/base/usr/share/locale/*

container=$(buildah from scratch)
buildah copy --quiet "$container" "$root/base" / >/dev/null
buildah config --cmd bash "$container"
buildah commit --quiet --rm "$container" "$name"
