#!/bin/sh
# All that podlab's promise rests on, phase by phase, with a summary at the end. A phase that fails does not stop the next:
# one run tells everything. Where setup says that the machine stands in the way (exit 3), what needs no cluster still runs,
# the rest is named as not run, and the whole fails.
set -u
cd "$(dirname "$0")/.." || exit
summary="" bad=0 beat=""
trap '[ -z "$beat" ] || kill "$beat" 2>/dev/null' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

note() { # VERDICT NAME SECONDS
	summary="$summary$(printf '  %-8s %-36s %5s s' "$1" "$2" "$3")
"
}

# phase NAME COMMAND... runs a phase, and says every 20 seconds that it still does.
phase() {
	name=$1 started=$(date +%s) status=0
	shift
	echo "==> $name"
	(while sleep 20 >/dev/null 2>&1 && kill -0 $$ 2>/dev/null; do echo "    ... $name, $(($(date +%s) - started)) s"; done) &
	beat=$!
	"$@" || status=$?
	kill "$beat" 2>/dev/null
	wait "$beat" 2>/dev/null
	beat=""
	seconds=$(($(date +%s) - started))
	if [ "$status" = 0 ]; then
		note ok "$name" "$seconds"
	else
		note FAILED "$name" "$seconds"
		bad=1
	fi
	echo "<== $name: exit $status, $seconds s"
	return "$status"
}

# needs_cluster NAME COMMAND... is a phase that runs only if setup went well.
needs_cluster() {
	if [ "$ready" = 0 ]; then
		phase "$@"
	else
		note "NOT RUN" "$1" 0
		bad=1
	fi
}

vet() { go vet ./... && go vet -tags e2e,bench ./... && (cd assets/node && go vet -tags e2e ./...); }

phase "setup" assets/setup/setup.sh
ready=$?
phase "lint" tools/lint.sh
phase "vet" vet
phase "unit tests, with -race" make -s unit
phase "build for six systems" tools/cross.sh
[ "$(id -u)" = 0 ] || note "NOT RUN" "progress on a full disk (needs root)" 0
needs_cluster "end to end, on a real cluster" tools/e2e.sh
needs_cluster "the node image boots" make -s boot

printf '\nsummary\n%s' "$summary"
if [ "$ready" != 0 ]; then
	echo "Setup stopped with exit $ready, so the phases that need a cluster did not run. What setup said is above."
fi
[ "$bad" = 0 ] && echo "everything passed" || echo "make test FAILED"
exit "$bad"
