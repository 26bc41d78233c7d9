#!/bin/sh
# Runs the tests behind the build tag e2e, one package after the other: they share one Docker. Those that ask for a cluster
# in the environment get one, which podlab itself brings up and takes down. They come last, so that the others need no room
# beside it: all nodes share one user's inotify instances.
set -eu
cd "$(dirname "$0")/.."
packages() { grep -rl --include='*_test.go' '^//go:build e2e' assets/setup cmd internal labs | xargs -n 1 dirname | sort -u | sed 's|^|./|'; }
asking() { grep -rl --include='*e2e_test.go' 'PODLAB_E2E_' internal | xargs -n 1 dirname | sort -u | sed 's|^|./|'; }

work=$(mktemp -d)
go build -buildvcs=false -o "$work/podlab" ./cmd/podlab
ours() { XDG_STATE_HOME="$work/state" "$work/podlab" --name podlab-e2e-api "$@"; }
leave() {
	ours down
	rm -rf "$work"
}
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

tests() { go test -buildvcs=false -tags e2e -count=1 -p 1 -timeout 45m "$@"; }

asking >"$work/asking"
failed=0
# shellcheck disable=SC2046 # package paths, one word each
tests "$@" $(packages | grep -vxFf "$work/asking") || failed=1

ours up
PODLAB_E2E_KUBECONFIG=$work/state/podlab/podlab-e2e-api.kubeconfig
PODLAB_E2E_NODE=podlab-e2e-api-control-plane
export PODLAB_E2E_KUBECONFIG PODLAB_E2E_NODE
# shellcheck disable=SC2046
tests "$@" $(cat "$work/asking") || failed=1
exit $failed
