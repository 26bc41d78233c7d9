#!/bin/sh
# Runs the tests that need no cluster. The race detector needs a C compiler; "make unit RACE=" does without both.
set -eu
cd "$(dirname "$0")/.."
race=${RACE--race}
if [ -n "$race" ]; then
	tools/need.sh gcc gcc libc6-dev
	export CGO_ENABLED=1
fi
# shellcheck disable=SC2086 # empty means no flag
go test $race ./...
# shellcheck disable=SC2086
cd assets/node && go test $race ./...
