//go:build unix

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const withoutResource = 0x1fffeffffff // every capability but number 24, CAP_SYS_RESOURCE

func TestBoundFile(t *testing.T) {
	for name, test := range map[string]struct{ spec, want string }{
		"container": {
			`{"ociVersion":"1.0.2","process":{"args":["a<b"],"capabilities":{"bounding":["CAP_KILL","CAP_SYS_RESOURCE"],"effective":["CAP_SYS_RESOURCE"]},"oomScoreAdj":100}}`,
			`{"ociVersion":"1.0.2","process":{"args":["a<b"],"capabilities":{"bounding":["CAP_KILL"],"effective":[]},"oomScoreAdj":100}}`,
		},
		"exec":              {`{"capabilities":{"bounding":["CAP_BPF","CAP_SYS_RESOURCE"]},"cwd":"/"}`, `{"capabilities":{"bounding":["CAP_BPF"]},"cwd":"/"}`},
		"nothing to do":     {`{"process":{"capabilities":{"bounding":["CAP_KILL"]}}}`, `{"process":{"capabilities":{"bounding":["CAP_KILL"]}}}`},
		"no capabilities":   {`{"process":{"args":["a"]}}`, `{"process":{"args":["a"]}}`},
		"unknown is runc's": {`{"capabilities":{"bounding":["CAP_NEW"]}}`, `{"capabilities":{"bounding":["CAP_NEW"]}}`},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "config.json")
			if err := os.WriteFile(path, []byte(test.spec), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := boundFile(path, withoutResource); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(read(t, []byte(test.want)), read(t, file(t, path))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestBoundingSet(t *testing.T) {
	// The line of a host that withholds CAP_SYS_RESOURCE.
	got, err := boundingSet("CapEff:\t000001fffeffffff\nCapBnd:\t000001fffeffffff\nCapAmb:\t0000000000000000\n")
	if err != nil || got != withoutResource {
		t.Errorf("got %x, %v", got, err)
	}
	if _, err := boundingSet("Name: runc"); err == nil {
		t.Error("a status without CapBnd was accepted")
	}
}

func TestSpecs(t *testing.T) {
	args := []string{"--root", "/run/x", "create", "--bundle", "/b", "--pid-file", "p", "id"}
	if diff := cmp.Diff([]string{"/b/config.json"}, specs(args)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"/tmp/p"}, specs([]string{"exec", "--process=/tmp/p", "id"})); diff != "" {
		t.Error(diff)
	}
}

func file(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func read(t *testing.T, content []byte) map[string]any {
	t.Helper()
	var spec map[string]any
	if err := json.Unmarshal(content, &spec); err != nil {
		t.Fatal(err)
	}
	return spec
}
