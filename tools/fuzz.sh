#!/bin/sh
# Runs each fuzz target for the given time. Go fuzzes one target at a time.
set -eu
cd "$(dirname "$0")/.."
grep -rhoE --include='*_test.go' --with-filename 'func Fuzz[A-Za-z0-9_]+' cmd internal labs | sort -u |
	while IFS=: read -r file func; do
		name=${func#func }
		echo "$name in $(dirname "$file")"
		go test "./$(dirname "$file")" -run '^$' -fuzz "^$name\$" -fuzztime "$1" -fuzzminimizetime 10x
	done
