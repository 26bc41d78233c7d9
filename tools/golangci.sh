#!/bin/sh
# Runs the pinned golangci-lint with the arguments. It is compiled once for each version of it and of Go: two minutes.
set -eu
cd "$(dirname "$0")/.."
key=$({ cat tools/go.mod tools/go.sum; go version; } | cksum | cut -d ' ' -f 1)
lint=bin/tools/$key/golangci-lint
if [ ! -x "$lint" ]; then
	echo "compile golangci-lint (once, a few minutes) ..." >&2
	rm -rf bin/tools
	go build -modfile=tools/go.mod -buildvcs=false -trimpath -o "$lint" \
		github.com/golangci/golangci-lint/v2/cmd/golangci-lint
fi
exec "$lint" "$@"
