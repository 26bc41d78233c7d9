package cluster

import (
	"os"
	"regexp"
	"testing"
	"time"
)

// testdata/nodes.json is what kubectl printed on a cluster of one node, without the node's list of images.
func TestReadiness(t *testing.T) {
	data, err := os.ReadFile("testdata/nodes.json")
	if err != nil {
		t.Fatal(err)
	}
	const name = "dev-control-plane"
	r, err := parseReadiness(data)
	if err != nil || r.version != "v1.37.0" || len(r.nodes) != 1 || r.renewed[name].IsZero() {
		t.Fatalf("%+v, %v", r, err)
	}
	unready, err := parseReadiness(regexp.MustCompile(`("KubeletReady",\s*"status": )"True"`).ReplaceAll(data, []byte(`$1"False"`)))
	if err != nil {
		t.Fatal(err)
	}
	before, after := r.renewed[name].Add(-time.Second), r.renewed[name].Add(time.Second)
	for _, tt := range []struct {
		name  string
		r     readiness
		nodes []string
		since time.Time
		want  string
	}{
		{"ready", r, []string{name}, before, ""},
		{"started since", r, []string{name}, after, name + " has not been heard of since its start"},
		{"not ready", unready, []string{name}, before, name + " is not ready yet"},
		{"a worker missing", r, []string{name, "dev-worker"}, before, "dev-worker is not known to the API yet"},
	} {
		if got := tt.r.missing(tt.nodes, tt.since); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	if _, err := parseReadiness([]byte("oops")); err == nil {
		t.Error("no error for what is no JSON")
	}
}
