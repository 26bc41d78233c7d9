#!/bin/bash
# Everything that podlab needs from this machine: Docker Engine, a node image for kind, the labs' images. Safe to run
# again, and in no time when nothing is missing. Exit code 3, with one sentence, when the environment stands in the way.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
# shellcheck source=assets/setup/say.sh
. "$here/say.sh"
# shellcheck source=assets/setup/engine.sh
. "$here/engine.sh"
# shellcheck source=assets/setup/images.sh
. "$here/images.sh"

cache=${XDG_CACHE_HOME:-$HOME/.cache}/podlab
mkdir -p "$cache"
command -v go >/dev/null || stop 'Go is missing; install it (its own site has packages for every system), then type: make setup'

# One set-up at a time: the second waits, and then finds everything done. (flock is Linux's; elsewhere nothing is built.)
if command -v flock >/dev/null; then
  exec 9>"$cache/setup.lock"
  flock -n 9 || { say 'another set-up is running; waiting for it'; flock 9; }
fi

built= # becomes yes when an image is being built
work=$(mktemp -d "$cache/work.XXXXXX")
finish() {
  end_worker
  rm -rf "$work"
  # The layers of stages, of interrupted builds and of images that were replaced: all that carry podlab's label and no name.
  [[ -z $built ]] || docker image prune -f --filter label=podlab.made=true >/dev/null 2>&1 || true
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

engine
node_image
lab_images
say "ready ($(took 0))"
