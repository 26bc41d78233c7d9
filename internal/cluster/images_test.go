package cluster

import (
	"testing"
)

func TestFullName(t *testing.T) {
	for name, want := range map[string]string{
		"demo:1.0.0":          "docker.io/library/demo:1.0.0",
		"demo":                "docker.io/library/demo:latest",
		"podlab/demo:1.0.0":   "docker.io/podlab/demo:1.0.0",
		"localhost/demo":      "localhost/demo:latest",
		"localhost:5000/a/b":  "localhost:5000/a/b:latest",
		"podlab.local/demo:1": "podlab.local/demo:1",
		"demo@sha256:abc":     "docker.io/library/demo@sha256:abc",
	} {
		if got := fullName(name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

func TestIsKindImage(t *testing.T) {
	for ref, want := range map[string]bool{
		"kindest/node:v1.37.0":           true,
		"kindest/node@sha256:abc":        true,
		"docker.io/kindest/node:v1.37.0": true,
		"podlab/node:v1.37.0":            false,
		"somebody/kindest-node:v1.37.0":  false,
		"kindest/node-of-mine:v1":        false,
	} {
		if got := isKindImage(ref); got != want {
			t.Errorf("%s: got %v", ref, got)
		}
	}
}
