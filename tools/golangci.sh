#!/bin/sh
# Runs the pinned golangci-lint with the arguments, here. It is compiled once for each version of it and of Go: two minutes.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
key=$({ cat "$root/tools/go.mod" "$root/tools/go.sum"; go version; } | cksum | cut -d ' ' -f 1)
lint=$root/bin/tools/$key/golangci-lint
if [ ! -x "$lint" ]; then
	echo "compile golangci-lint (once, a few minutes) ..." >&2
	rm -rf "$root/bin/tools"
	(cd "$root/tools" && go build -buildvcs=false -trimpath -o "$lint" github.com/golangci/golangci-lint/v2/cmd/golangci-lint)
fi
exec "$lint" "$@"
