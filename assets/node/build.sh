#!/bin/bash
# Builds the offline node image. Usage: build.sh TAG BASE INPUTS WORK (a folder to work in, removed by the caller)
# assets/setup/setup.sh calls it; README.md beside this file says what is inside.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tag=$1 base=$2 inputs=$3 context=$4
cd "$here"
mkdir -p "$context"/{bin,images,kind}

# kind's own entrypoint, units and configuration, from the very release that podlab is built with. The module cache
# keeps no run bits.
kind=$(cd ../.. && go mod download sigs.k8s.io/kind && go list -m -f '{{.Dir}}' sigs.k8s.io/kind)
cp -r "$kind"/images/base/files/{etc,kind,usr} "$context/kind/"
chmod -R u+w,go+rX "$context/kind"
chmod 755 "$context"/kind/kind/bin/*.sh "$context"/kind/usr/local/bin/*
rm "$context/kind/etc/systemd/system/containerd-fuse-overlayfs.service"

version() { go list -m -f '{{.Version}}' "$1"; }
kubernetes=$(version k8s.io/kubernetes) containerd=$(version github.com/containerd/containerd/v2)
minor=${kubernetes#v1.} minor=${minor%%.*} stamp=k8s.io/component-base/version
echo "compiling Kubernetes $kubernetes, containerd $containerd, etcd and CoreDNS"
GOFLAGS=-buildvcs=false CGO_ENABLED=0 GOOS=linux go build -v -mod=readonly -trimpath -o "$context/images/" -ldflags "-s -w \
 -X $stamp.gitVersion=$kubernetes -X $stamp.gitMajor=1 -X $stamp.gitMinor=$minor -X $stamp.gitTreeState=clean \
 -X github.com/containerd/containerd/v2/version.Version=${containerd#v}" tool ./pause ./podnet ./pack
mv "$context/images/server" "$context/images/etcd" # go names a program after its path: go.etcd.io/etcd/server/v3
for name in kubelet kubeadm kubectl containerd containerd-shim-runc-v2 ctr podnet; do
  mv "$context/images/$name" "$context/bin/"
done

echo 'putting the image together'
cp -r Dockerfile rootfs "$context/"
DOCKER_BUILDKIT=0 docker build --force-rm --build-arg BASE="$base" --build-arg KUBERNETES="$kubernetes" \
  --label podlab.made=true --label podlab.base=true --label podlab.inputs="$inputs" -t "$tag" "$context"
