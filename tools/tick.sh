#!/bin/sh
# tick.sh NAME COMMAND... runs the command, and says every 5 seconds that it still does.
name=$1 started=$(date +%s)
shift
parent=$$
(while sleep 5 >/dev/null 2>&1 && kill -0 "$parent" 2>/dev/null; do echo "$name: $(($(date +%s) - started))s"; done) &
beat=$!
trap 'kill "$beat" 2>/dev/null; exit 130' INT
trap 'kill "$beat" 2>/dev/null; exit 143' TERM HUP
"$@"
status=$?
kill "$beat" 2>/dev/null
wait "$beat" 2>/dev/null
exit "$status"
