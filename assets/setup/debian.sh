#!/bin/bash
# A small Debian base image from Debian's own packages, for a machine that reaches no container registry.
# Usage: debian.sh TAG INPUTS (the hash that the image is labelled with)
set -euo pipefail
tag=$1 inputs=$2

if ! command -v mmdebstrap >/dev/null; then
  apt-get update -q # a bare machine has no package lists
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends mmdebstrap debian-archive-keyring
fi
packed=$(mktemp -d)
trap 'rm -rf "$packed"' EXIT

# The merged /usr is made first, because otherwise Debian brings in all of Perl to make it.
# shellcheck disable=SC2016 # mmdebstrap fills in the hook's $1, the new system's folder
mmdebstrap --variant=apt --include=usr-is-merged --hook-dir=/usr/share/mmdebstrap/hooks/maybe-merged-usr \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/info/*' \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --aptopt='Acquire::Languages "none"' --customize-hook='rm -f "$1"/var/cache/debconf/*-old' \
  bookworm "$packed/debian.tar"
docker import --change "LABEL podlab.made=true podlab.base=true podlab.inputs=$inputs" "$packed/debian.tar" "$tag" >/dev/null
