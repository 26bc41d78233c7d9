#!/bin/sh
# Lints the Go code and the shell scripts. Exit 1 if anything is wrong, also if a linter could not be had.
set -u
cd "$(dirname "$0")/.." || exit
bad=0

tools/golangci.sh run ./... || bad=1
(cd assets/node && ../../tools/golangci.sh run --config ../../.golangci.yml ./...) || bad=1

# A file without a #! line is read by another script, and is checked as a part of that one.
scripts=$(find .ci assets cmd internal labs tools -type f \( -name '*.sh' -o -path .ci/run \) -exec sh -c 'head -c 2 "$1" | grep -q "#!"' _ {} \; -print)
# shellcheck disable=SC2086 # no script of ours has a space in its name
tools/need.sh shellcheck shellcheck && shellcheck --external-sources --source-path=SCRIPTDIR --severity=warning $scripts || bad=1
exit $bad
