package lesson

import (
	"os"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// TestEveryKindIsWhereAClusterSaysThatItIs compares the kinds that podlab takes for namespaced with what a real API server says.
func TestEveryKindIsWhereAClusterSaysThatItIs(t *testing.T) {
	text, err := os.ReadFile("testdata/api-resources.txt")
	if err != nil {
		t.Fatal(err)
	}
	applied := map[schema.GroupKind]bool{}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); line[0] != '#' && len(fields) == 4 {
			kind := schema.FromAPIVersionAndKind(fields[0], fields[2]).GroupKind()
			applied[kind] = fields[1] == "true" && strings.Contains(fields[3], "patch")
		}
	}
	if len(applied) < 50 {
		t.Fatalf("only %d kinds recorded", len(applied))
	}
	for gvk := range kinds().AllKnownTypes() {
		if !isObject(gvk) {
			continue
		}
		if why := inNamespace(gvk.Kind); (why == "") != applied[gvk.GroupKind()] {
			t.Errorf("%s: %q, but the cluster says %v", gvk, why, applied[gvk.GroupKind()])
		}
	}
}

func TestNamesThatTheAPIAllows(t *testing.T) {
	for _, ok := range []struct{ kind, name string }{
		{"Pod", "a.b-1"}, {"Service", "1a"}, {"Role", "system:Reader"}, {"Job", strings.Repeat("a", 63)}, {"CronJob", strings.Repeat("a", 52)},
	} {
		if rule := nameRule(ok.kind, ok.name); rule != "" {
			t.Errorf("%s %q: want %s", ok.kind, ok.name, rule)
		}
	}
}
