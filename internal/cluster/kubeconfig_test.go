package cluster

import (
	"bytes"
	"os"
	"testing"
)

// The files are what a cluster had, with the certificates and keys cut short.
func TestLeadsTo(t *testing.T) {
	admin, err := os.ReadFile("testdata/admin.conf")
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile("testdata/kubeconfig")
	if err != nil {
		t.Fatal(err)
	}
	if !leadsTo(file, admin, "40455") {
		t.Error("the cluster's own does not lead to it")
	}
	if leadsTo(file, admin, "40456") || leadsTo(file, admin, "455") || leadsTo(file, admin, "") {
		t.Error("a kubeconfig with another port leads to it")
	}
	for line := range bytes.Lines(admin) {
		if bytes.Contains(line, []byte("-data: ")) && leadsTo(file, bytes.Replace(admin, line, []byte("    a: b\n"), 1), "40455") {
			t.Errorf("it leads to a cluster that has another %.30s", bytes.TrimSpace(line))
		}
	}
	for line := range bytes.Lines(file) {
		if keep := bytes.HasPrefix(line, []byte("apiVersion:")) || bytes.HasPrefix(line, []byte("kind:")); keep {
			continue
		}
		if leadsTo(bytes.Replace(file, line, nil, 1), admin, "40455") {
			t.Errorf("it leads there without %q", line)
		}
	}
	whole := bytes.LastIndex(file, []byte("    client-key-data:")) + len("    client-key-data: LS0tLS1")
	for n := range whole {
		if leadsTo(file[:n], admin, "40455") {
			t.Fatalf("it leads there with %d of %d bytes", n, len(file))
		}
	}
}
