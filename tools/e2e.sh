#!/bin/sh
# Runs the tests behind the build tag e2e, one package after the other: they share one Docker.
set -eu
cd "$(dirname "$0")/.."
packages=$(grep -rl --include='*_test.go' '^//go:build e2e' cmd internal labs | xargs -n 1 dirname | sort -u | sed 's|^|./|')
# shellcheck disable=SC2086 # package paths, one word each
exec go test -tags e2e -count=1 -p 1 -timeout 45m "$@" $packages
