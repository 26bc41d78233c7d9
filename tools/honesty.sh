#!/bin/sh
# Tries every kind of check on a cluster of its own: near-misses, other right ways, faults, and each case HONESTY_N times (50).
# Prints a table, and every wrong verdict. Exit 1 if there is one. HONESTY_JSON=FILE writes the same as JSON.
set -eu
cd "$(dirname "$0")/../internal/checks/honesty"
export HONESTY_N="${HONESTY_N:-50}"
exec go test -buildvcs=false -tags e2e -run '^TestHonesty$' -count=1 -timeout 45m
