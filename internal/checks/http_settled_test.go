package checks_test

import (
	"testing"
	"time"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/checks/checkstest"
)

// Right after the Service leads elsewhere, an answer may be that of the pod from before: it proves nothing, either way.
func TestHTTPOfAServiceThatHasJustChanged(t *testing.T) {
	moved := func(c *checkstest.Cluster) {
		slice := c.Things[1].Object // web's
		endpoint := slice["endpoints"].([]any)[0].(map[string]any)
		endpoint["addresses"] = []any{"10.244.0.6"}
	}
	for source, ends := range map[string]checks.Verdict{
		"http: {service: web}":                   checks.Pass,
		"http: {node-port: web}":                 checks.Pass,
		"http: {service: web, status: 1}":        checks.NotYet,
		"not: {http: {service: web}}":            checks.NotYet,
		"not: {http: {node-port: two}}":          checks.NotYet,
		"not: {http: {service: web, status: 1}}": checks.Pass,
	} {
		c := prepared(t, webs, nil)
		k := check(t, source)
		look := func(after time.Duration, want checks.Verdict, again bool) {
			t.Helper()
			c.Clock = c.Clock.Add(after)
			if r := k.Eval(t.Context(), c); r.Verdict != want || again != (r.Again > 0) || r.Again > time.Second {
				t.Errorf("%s: %s, again after %s: %s", source, r.Verdict, r.Again, r.Got)
			}
		}
		early := source != "not: {http: {node-port: two}}"
		look(0, checks.NotYet, early)
		look(time.Second, checks.NotYet, early)
		look(time.Second, ends, false)
		moved(c)
		look(time.Hour, checks.NotYet, early)
		look(1900*time.Millisecond, checks.NotYet, early)
		look(100*time.Millisecond, ends, false)
	}
	c := prepared(t, webs, nil)
	if got, r := value(t, c, "http: {service: web}"); r.Verdict != checks.NotYet || got != "" || r.Again != time.Second {
		t.Errorf("%q, %+v", got, r)
	}
}
