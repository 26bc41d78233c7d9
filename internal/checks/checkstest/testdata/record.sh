#!/bin/sh
# Records what the tests of internal/checks and internal/node look at, from a real kind cluster that has demo:1.0.0:
#
#	record.sh NODE    for example dev-control-plane
#
# It makes the namespace "recorded" with the pods of pods.yaml, and removes it at the end.
set -eu
cd "$(dirname "$0")"
node=$1
script=$(sed -n '/^const Script = `/,/^`$/p' ../../../node/script.go | sed 's/^const Script = `//; s/^`$//')
kubectl() { docker exec -i "$node" kubectl --kubeconfig /etc/kubernetes/admin.conf -n recorded "$@"; }

kubectl create namespace recorded
trap 'kubectl delete namespace recorded' EXIT
kubectl apply -f - <pods.yaml
kubectl wait --for=condition=Ready --timeout=60s pod/demosolo pod/demoduo pod/demotrio pod/duoshared pod/duohost pod/duovisited pod/duochildren pod/duozombie pod/duoentered pod/duotitled
kubectl wait --for=jsonpath='{.status.containerStatuses[1].state.waiting.reason}'=ImagePullBackOff --timeout=60s pod/duonoimage
# After its third restart the crashing container stays down long enough to be recorded.
kubectl wait --for=jsonpath='{.status.containerStatuses[1].restartCount}'=3 --timeout=180s pod/duocrash
kubectl wait --for=jsonpath='{.status.containerStatuses[1].ready}'=false --timeout=30s pod/duocrash
kubectl exec duovisited -c demox -- sleep 60 &
visit=$!
kubectl exec duozombie -c demox -- sh -c 'sleep 1 &'
id=$(kubectl get pod duoentered -o jsonpath='{.status.containerStatuses[0].containerID}')
pid=$(docker exec "$node" ctr -n k8s.io tasks ls | awk -v id="${id#containerd://}" '$1 == id { print $2 }')
docker exec "$node" nsenter -t "$pid" -n sleep 61 &
enter=$!
sleep 3

# The API and the node in one go: nothing but the crashing containers changes meanwhile.
kubectl get pods -o json | sed 's#"[a-z.]*/[a-z/]*/demo#"demo#' >pods.json
docker exec "$node" sh -c "$script
snapshot" >node.txt
kubectl get events --field-selector type=Warning --sort-by=.lastTimestamp -o json >events.json
kill $visit $enter
cp node.txt ../../../node/testdata/dev-control-plane.txt

# The same look at a node that has no lsns.
docker exec "$node" sh -c 'few=$(mktemp -d); for tool in ps grep; do ln -s "$(command -v $tool)" $few; done; PATH=$few; eval "$1"' sh "$script
snapshot" \
	>../../../node/testdata/no-lsns.txt
