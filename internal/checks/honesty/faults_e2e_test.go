//go:build e2e

package honesty

import (
	"slices"
	"testing"

	"github.com/podlab/podlab/internal/kube"
)

func openAPI(t *testing.T, kubeconfig string) apiPort {
	t.Helper()
	client, err := kube.Open(kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return apiPort{client}
}

// faults breaks one thing after the other and looks at the first pass of each kind meanwhile.
func (s *setting) faults(t *testing.T, h *Harness, first []*Trial, say func(string, ...any)) {
	t.Helper()
	settled := slices.DeleteFunc(slices.Clone(first), func(trial *Trial) bool { return !trial.Settled })
	needsNode := func(trial *Trial) bool { return slices.Contains(trial.Case.Looks, Node) }
	for _, f := range []struct {
		name       string
		blinds     func(*Trial) bool
		lanes      int
		begin, end func()
	}{
		{"Docker refuses", needsNode, 4, s.proxy.stop, func() { s.proxy.start(t) }},
		{"Docker is silent", needsNode, 99, s.proxy.hush, s.proxy.speak},
	} {
		say("fault: %s", f.name)
		f.begin()
		h.Fault(t.Context(), f.name, settled, f.lanes, f.blinds)
		f.end()
		h.Recover(t.Context(), f.name, settled)
	}
}
