#!/bin/sh
# Rewrites the golden files of every package whose tests have the flag -update.
set -eu
cd "$(dirname "$0")/.."
packages=$(grep -rlE --include='*_test.go' 'x/exp/golden|flag\.Bool\("update"' cmd internal labs | xargs -n 1 dirname | sort -u | sed 's|^|./|')
# shellcheck disable=SC2086 # package paths, one word each
go test $packages -update
git status --short -- '*.golden' '**/testdata/**'
