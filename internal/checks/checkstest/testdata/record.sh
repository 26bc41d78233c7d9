#!/bin/sh
# Records what the tests of internal/checks and internal/node look at, from a real kind cluster that has demo:1.0.0:
#
#	record.sh NODE    for example dev-control-plane
#
# It makes the namespace "recorded" with the pods of pods.yaml, and removes it at the end.
set -eu
cd "$(dirname "$0")"
node=$1
kubectl() { docker exec -i "$node" kubectl --kubeconfig /etc/kubernetes/admin.conf -n recorded "$@"; }

kubectl create namespace recorded
trap 'kubectl delete namespace recorded' EXIT
kubectl apply -f - <pods.yaml
kubectl wait --for=condition=Ready --timeout=60s pod/demosolo pod/demoduo pod/demotrio pod/duoshared pod/duohost pod/duovisited pod/duochildren
kubectl exec duovisited -c demox -- sleep 60 &
visit=$!
kubectl wait --for=jsonpath='{.status.containerStatuses[1].state.waiting.reason}'=ImagePullBackOff --timeout=60s pod/duonoimage
sleep 15 # the crash loop gets a few turns, the missing volume an event
kubectl wait --for=jsonpath='{.status.containerStatuses[1].state.waiting.reason}'=CrashLoopBackOff --timeout=60s pod/duocrash

# The API and the node in one go: nothing but the crashing containers changes meanwhile.
kubectl get pods -o json | sed 's#"[a-z.]*/[a-z/]*/demo#"demo#' >pods.json
docker exec "$node" sh -c "$(sed -n '/^const Script = `/,/^`$/p' ../../../node/script.go | sed 's/^const Script = `//; s/^`$//')" >node.txt
kubectl get events --field-selector type=Warning --sort-by=.lastTimestamp -o json >events.json
kill $visit
cp node.txt ../../../node/testdata/dev-control-plane.txt
