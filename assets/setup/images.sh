# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # root, here, work and cache come from setup.sh, built goes there
# The images: kind's own where the registry answers, else built here from Go modules and Debian packages. An image built
# here carries the hash of what it was made from, and is built again only when that changes.

offline_node=podlab/node:v1.37.0
offline_base=podlab/debian:bookworm
registry_base=debian:bookworm-slim
told= # the lab images that were spoken of

node_image() {
  local inputs start=$SECONDS default
  inputs=$(node_inputs)
  if image_is "$offline_node" "$inputs"; then
    say "node image: $offline_node is here"
    return
  fi
  default=$(cd "$root" && go run ./assets/setup/kindimage) || stop 'Go modules cannot be fetched: check the network, then type: make setup'
  if docker image inspect "$default" >/dev/null 2>&1; then
    say "node image: $default is here"
  elif from_registry 'node image' "$default"; then
    say "node image: $default ($(took "$start"))"
  else
    say "node image: building $offline_node, because no registry answers (about 10 minutes the first time on 2 cores)"
    base_image
    built=yes
    long 'node image' "$root/assets/node/build.sh" "$offline_node" "$offline_base" "$inputs" "$work/node" ||
      stop 'the node image could not be built; the lines above say why'
    say "node image: $offline_node, $(size "$offline_node") ($(took "$start"))"
  fi
}

lab_images() {
  local dir start=$SECONDS
  for dir in "$root"/assets/images/*/; do lab_image "$(basename "$dir")"; done
}

# lab_image FOLDER: builds one, after the one that it is made of, if that is another of ours.
lab_image() {
  local name=$1 dir=$root/assets/images/$1 tag parent inputs base args=()
  tag=podlab/$(sed -n 's/^LABEL podlab.image=//p' "$dir/Dockerfile")
  parent=$(sed -n 's/^FROM podlab\/\([^:]*\):.*/\1/p' "$dir/Dockerfile")
  inputs=$(folder_hash "assets/images/$name")
  if [[ -n $parent ]]; then
    lab_image "$parent"
    inputs=$({ echo "$inputs"; image_id "$(sed -n 's/^FROM //p' "$dir/Dockerfile")"; } | sum)
  fi
  if image_is "$tag" "$inputs"; then
    [[ " $told " == *" $tag "* ]] || say "lab image: $tag is here"
    told+=" $tag"
    return
  fi
  if [[ -z $parent ]]; then
    base=$registry_base
    docker image inspect "$base" >/dev/null 2>&1 || from_registry 'lab image' "$base" || { base_image; base=$offline_base; }
    args=(--build-arg BASE="$base")
  fi
  built=yes
  DOCKER_BUILDKIT=0 long "lab image $tag" docker build --force-rm ${args[@]+"${args[@]}"} -t "$tag" \
    --label podlab.made=true --label podlab.base=false --label podlab.inputs="$inputs" "$dir" ||
    stop "the lab image $tag could not be built; the lines above say why"
  say "lab image: $tag, $(size "$tag"), from ${base:-podlab/$parent} ($(took "$start"))"
  told+=" $tag"
}

base_image() {
  local inputs
  inputs=$(hash assets/setup/debian.sh)
  if image_is "$offline_base" "$inputs"; then return; fi
  command -v mmdebstrap >/dev/null || { command -v apt-get >/dev/null && ((EUID == 0)); } ||
    stop 'no registry answers, and images can be built without one only by root on Debian or Ubuntu; type: sudo make setup'
  built=yes
  long 'Debian base' "$here/debian.sh" "$offline_base" "$inputs" || stop 'the Debian base could not be built; the lines above say why'
}

# node_inputs: what the node image is made from. Tests and prose do not count; kind's release does, its files are inside.
node_inputs() {
  local files
  files=$(cd "$root" && find assets/node -type f ! -name '*_test.go' ! -name '*.md' | LC_ALL=C sort)
  # shellcheck disable=SC2086 # the names hold no spaces
  { hash $files; hash assets/setup/debian.sh; grep 'sigs.k8s.io/kind ' "$root/go.mod"; } | sum
}

# from_registry NAME IMAGE pulls the image if a registry answers for it within 8 s. Docker says "Pulling from" once it
# has the manifest; from then on the pull may take as long as it takes. A "no" is remembered for an hour.
from_registry() {
  local tick=0 name=$1 image=$2 no=$cache/registry-silent start=$SECONDS log=$work/pull
  [[ -z $(find "$no" -mmin -60 2>/dev/null) ]] || return 1
  say "$name: asking the registry for $image"
  docker pull "$image" >"$log" 2>&1 </dev/null & worker=$!
  while kill -0 "$worker" 2>/dev/null; do
    if grep -q 'Pulling from' "$log"; then break; fi
    if ((SECONDS - start >= 8)); then end_worker; fi
    sleep 0.1
  done
  while kill -0 "$worker" 2>/dev/null; do
    ((++tick % 15)) || say "$name: pulling, $(took "$start"), $(grep -c 'complete' "$log" || true) parts done"
    sleep 0.2
  done
  if wait "$worker" 2>/dev/null; then worker= && return 0; fi
  worker=
  touch "$no"
  say "$name: no registry answers ($(took "$start"))"
  return 1
}

image_id() { docker image inspect -f '{{.Id}}' "$1"; }

size() { docker image inspect -f '{{.Size}}' "$1" | awk '{printf "%d MB", $1 / 1e6}'; }
