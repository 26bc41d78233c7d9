# shellcheck shell=bash
# shellcheck disable=SC2154 # root, here, work and cache come from setup.sh
# How set-up speaks: one line per phase with its time, a tick every few seconds in anything long, one sentence on failure.

say() { printf 'setup: %s\n' "$*"; }

# stop: the environment stands in the way. One sentence that says what is missing and what to type.
stop() { printf 'setup: %s\n' "$*" >&2; exit 3; }

# took START prints the time since then (START is a value of SECONDS), as in "1m20s".
took() {
  local s=$((SECONDS - $1))
  if ((s < 60)); then echo "${s}s"; else printf '%dm%02ds' $((s / 60)) $((s % 60)); fi
}

worker= # the long command that runs now, ended with this script
end_worker() { [[ -z $worker ]] || { kill "$worker" && wait "$worker"; } 2>/dev/null || true; }

# long NAME COMMAND... runs the command with its output in a log; every 3 s says how long it has run and what it does.
# A command that fails gives the end of its log, and its exit code.
long() {
  local name=$1 start=$SECONDS log status=0 tick=0
  shift
  log=$(mktemp "$work/log.XXXXXX")
  "$@" >"$log" 2>&1 </dev/null & worker=$!
  while kill -0 "$worker" 2>/dev/null; do
    sleep 0.2 # short, because a quick command should not wait for its tick
    if ((++tick % 15 == 0)); then say "$name: $(took "$start"), $(progress "$log")"; fi
  done
  wait "$worker" || status=$?
  worker=
  if ((status != 0)); then
    tail -n 20 "$log" | sed 's/^/    /' >&2
    say "$name: failed after $(took "$start") (exit code $status)" >&2
    return "$status"
  fi
  say "$name: done in $(took "$start")"
}

# progress LOG: the last line of the log, cut to fit. go build -v prints a package per line: those are counted.
progress() {
  local last
  last=$(tail -n 1 "$1" | sed $'s/\033\[[0-9;]*m//g' | tr '\t' ' ' | cut -c 1-80)
  case $last in
    '') echo 'still working' ;;
    *' '*) echo "$last" ;;
    *) echo "$(grep -c '^[^ ]*$' "$1") packages compiled" ;;
  esac
}

# hash FILE...: one sum over the files' names and contents, whatever folder the project lives in.
hash() { (cd "$root" && for file in "$@"; do echo "$file"; cat "$file"; done) | sum; }

# folder_hash FOLDER: the same over all files in it.
folder_hash() {
  local files
  files=$(cd "$root" && find "$1" -type f | LC_ALL=C sort)
  # shellcheck disable=SC2086 # the names hold no spaces
  hash $files
}

sum() { if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -d' ' -f1; }

# image_is TAG INPUTS: the image is there and was built from these inputs.
image_is() { [[ $(docker image inspect -f '{{index .Config.Labels "podlab.inputs"}}' "$1" 2>/dev/null) == "$2" ]]; }
