//go:build e2e

package e2e

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// What status and clean --check say must follow what is there. clean itself is tested in internal/cluster, under another
// owner's name: here it would take the user's own clusters.
func TestStatusAndLeftoversFollowTheCluster(t *testing.T) {
	if r := run(t, "up"); r.code != 0 {
		t.Fatalf("up: exit %d\n%s%s", r.code, r.out, r.err)
	}
	var status struct {
		State, Kubernetes, Kubeconfig string
		Nodes                         []struct{ Name, State string }
	}
	r := run(t, "status", "--json")
	if err := json.Unmarshal([]byte(r.out), &status); err != nil {
		t.Fatalf("%v\n%s", err, r.out)
	}
	if status.State != "running" || !strings.HasPrefix(status.Kubernetes, "v1.") || len(status.Nodes) != 1 || status.Nodes[0].Name != clusterName+"-control-plane" {
		t.Errorf("%+v", status)
	}
	if r, left := leftovers(t); r.code != 1 || !slices.Contains(left, "cluster "+clusterName) {
		t.Errorf("clean --check with a cluster: exit %d, %v", r.code, left)
	}
	if r := run(t, "down"); r.code != 0 {
		t.Fatalf("down: exit %d\n%s", r.code, r.err)
	}
	if r := run(t, "status"); r.code != 0 || !strings.Contains(r.out, clusterName+": absent") {
		t.Errorf("status after down: exit %d\n%s", r.code, r.out)
	}
	if _, left := leftovers(t); slices.Contains(left, "cluster "+clusterName) {
		t.Errorf("clean --check after down: %v", left)
	}
	if r := run(t, "down"); r.code != 0 {
		t.Errorf("down twice: exit %d\n%s", r.code, r.err)
	}
}

func leftovers(t *testing.T) (result, []string) {
	t.Helper()
	r := run(t, "clean", "--check", "--json")
	var o struct{ Left []string }
	if err := json.Unmarshal([]byte(r.out), &o); err != nil {
		t.Fatalf("%v\n%s%s", err, r.out, r.err)
	}
	return r, o.Left
}
