#!/bin/sh
# Builds podlab for every system that it is for. What is built is thrown away.
set -u
cd "$(dirname "$0")/.." || exit
bad=0
for os in linux darwin windows; do
	for arch in amd64 arm64; do
		started=$(date +%s)
		if GOOS=$os GOARCH=$arch CGO_ENABLED=0 go build -buildvcs=false -o /dev/null ./cmd/podlab; then
			echo "$os/$arch: ok, $(($(date +%s) - started)) s"
		else
			echo "$os/$arch: does not build" >&2
			bad=1
		fi
	done
done
exit $bad
