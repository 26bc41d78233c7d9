#!/bin/sh
# Records what the tests look at of the functions inside, file and created, from a real kind cluster that has demo:1.0.0:
#
#	record-inside.sh NODE    for example dev-control-plane
#
# It makes the namespace "recordedinside" with the pod of inside.yaml, and removes it at the end.
set -eu
cd "$(dirname "$0")"
node=$1
script=$(sed -n '/^const Script = `/,/^`$/p' ../script.go | sed 's/^const Script = `//; s/^`$//')
kubectl() { docker exec -i "$node" kubectl --kubeconfig /etc/kubernetes/admin.conf -n recordedinside "$@"; }
look() {
	docker exec "$node" sh -c "$script
$1"
}

kubectl create namespace recordedinside
trap 'kubectl delete namespace recordedinside' EXIT
kubectl apply -f - <inside.yaml
kubectl wait --for=condition=Ready --timeout=60s pod/inside
sleep 2
set --
for container in first second; do
	id=$(kubectl get pod inside -o jsonpath="{.status.containerStatuses[?(@.name==\"$container\")].containerID}")
	id=${id#containerd://}
	set -- "$@" "$id" "$(docker exec "$node" cat "/run/containerd/io.containerd.runtime.v2.task/k8s.io/$id/init.pid")"
done
echo "$*" >targets.txt
look "inside $*" >inside.txt
look "created $1 none" >created.txt
for file in hostname:/etc/hostname absolute:/shared/absolute slash:/shared/slash loop:/shared/loop 'quoted:/shared/a "file"' \
	empty:/shared/empty fifo:/shared/fifo directory:/with\ space/ device:/dev/null \
	none:/shared/none below:/etc/hostname/x self:/proc/self/status; do
	look "file $2 '${file#*:}'" >"file-${file%%:*}.txt"
done
look "file 4194304 /etc/hostname" >file-ended.txt
look usage >usage.txt
