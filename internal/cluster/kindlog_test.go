package cluster

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What kind v0.33.0 logged while it made a cluster of one node; with its warnings.
var kindSaid = []string{
	"Creating cluster \"podlab\" ...\n",
	" • Ensuring node image (podlab/node:v1.37.0) 🖼️  ...\n",
	" ✓ Ensuring node image (podlab/node:v1.37.0) 🖼️\n",
	" • Preparing nodes 📦   ...\n",
	" ✓ Preparing nodes 📦 \n",
	" • Writing configuration 📜  ...\n",
	" ✓ Writing configuration 📜\n",
	" • Starting control-plane 🕹️  ...\n",
	" ✗ Starting control-plane 🕹️\n",
	" • Waiting ≤ 2m0s for control-plane = Ready ⏳  ...\n",
	" • WARNING: Timed out waiting for Ready ⚠️",
}

func TestKindLog(t *testing.T) {
	var steps []string
	var out bytes.Buffer
	log := &kindLog{out: &out, step: func(text string, done bool) {
		if done {
			text = "done: " + text
		}
		steps = append(steps, text)
	}}
	for _, line := range kindSaid {
		log.V(0).Info(line)
	}
	log.V(1).Infof("debug %d", 1)
	log.Warnf("cgroup v%d", 1)
	want := []string{
		"Ensuring node image (podlab/node:v1.37.0)",
		"done: Ensuring node image (podlab/node:v1.37.0)",
		"Preparing nodes",
		"done: Preparing nodes",
		"Writing configuration",
		"done: Writing configuration",
		"Starting control-plane",
		"Waiting ≤ 2m0s for control-plane = Ready",
		"WARNING: Timed out waiting for Ready",
	}
	if diff := cmp.Diff(want, steps); diff != "" {
		t.Error(diff)
	}
	if got := out.String(); !strings.HasSuffix(got, "kind: warning: cgroup v1\n") || strings.Contains(got, "debug") {
		t.Errorf("log:\n%s", got)
	}
}
