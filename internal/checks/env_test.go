package checks_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/checks/checkstest"
	"github.com/podlab/podlab/internal/node"
)

// idOf returns the ID of a recorded container.
func idOf(t testing.TB, c *checkstest.Cluster, pod, container string) string {
	t.Helper()
	for _, status := range c.Pods[pod].Status.ContainerStatuses {
		if status.Name == container {
			return strings.TrimPrefix(status.ContainerID, "containerd://")
		}
	}
	t.Fatalf("no container %s in pod %s", container, pod)
	return ""
}

func environment(t testing.TB, c *checkstest.Cluster) {
	t.Helper()
	c.Within = &node.Inside{Env: map[string][]string{
		idOf(t, c, "demoduo", "demox"):  {"PATH=/usr/bin:/bin", "HOSTNAME=demoduo", "PORT=1", "PORT=9081", "EMPTY=", "TWO=a=b\nc"},
		idOf(t, c, "demoduo", "demoy"):  {"PATH=/usr/bin:/bin", "HOSTNAME=demoduo", "PORT=9082", "DEBUG=yes"},
		idOf(t, c, "demosolo", "demox"): {"DEBUG=yes"},
	}}
}

func TestEnv(t *testing.T) {
	const duo = "env: {pod: demoduo, container: demox, name: "
	lookFails := func(_ testing.TB, c *checkstest.Cluster) { c.Within = nil }
	forgotten := func(t testing.TB, c *checkstest.Cluster) { delete(c.Within.Env, idOf(t, c, "demoduo", "demox")) }
	inContainers(t, environment, []judged{
		{duo + "PORT, equals: 9081}", nil, checks.Pass, `"9081"`, 0},
		{duo + "PORT}", nil, checks.Pass, `"9081"`, 0},
		{duo + "EMPTY, set: true}", nil, checks.Pass, `""`, 0},
		{duo + `EMPTY, equals: ""}`, nil, checks.Pass, `""`, 0},
		{duo + `TWO, equals: "a=b\nc", contains: =, matches: ^c$}`, nil, checks.Pass, "", 0},
		{duo + "DEBUG, set: false}", nil, checks.Pass, "not set", 0},
		{duo + "DEBUG}", nil, checks.NotYet, `{"of":"DEBUG","want":"set","got":"not set"}`, 1}, // demoy has it
		{duo + "DEBUG, equals: yes}", nil, checks.NotYet, `"got":"not set"`, 1},
		{duo + "POR, set: true}", nil, checks.NotYet, "not set", 1},
		{duo + "PORT, set: false}", nil, checks.NotYet, `"want":"not set"`, 1},
		{duo + "EMPTY, set: false}", nil, checks.NotYet, `"want":"not set"`, 1},
		{duo + "PORT, equals: 9082, contains: x, matches: ^8}", nil, checks.NotYet, `"9081"`, 3},
		{duo + "PORT} # demoy is down", stopped("demoduo", "demoy"), checks.Pass, "", 0},
		{"env: {pod: demoduo, container: demoz, name: PORT, set: false}", nil, checks.NotYet, "no container demoz", 1},
		{duo + "DEBUG, set: false} # not looked at", lookFails, checks.CannotTell, "could not be looked into", 0},
		{duo + "DEBUG, set: false} # not known", forgotten, checks.CannotTell, "nothing is known of demox's environment", 0},
	})
	nodeFaults(t, duo+"DEBUG, set: false}", func(c *checkstest.Cluster) { environment(t, c) })
}

// The evidence is shown to whoever looks over the learner's shoulder, and holds no other variable.
func TestEnvShowsNoOtherVariable(t *testing.T) {
	r := eval(t, prepared(t, environment, nil), "env: {pod: demoduo, container: demox, name: TWO}")
	if got := strings.Join(r.Evidence.Rows, "|"); got != "a=b|c|0" {
		t.Errorf("rows %q", got)
	}
	if notes := strings.Join(r.Evidence.Notes, ""); notes != "the runtime was told to set 6 variables" {
		t.Errorf("notes %q", notes)
	}
}

func TestEnvFact(t *testing.T) {
	const duo = "env: {pod: demoduo, container: demox, name: "
	down := func(_ testing.TB, c *checkstest.Cluster) { c.NodeErr = errors.New("docker is down") }
	factsInContainers(t, environment, []judged{
		{duo + "PORT}", nil, checks.Pass, "9081", 0},
		{duo + "DEBUG}", nil, checks.NotYet, "DEBUG is not set in demox", 0},
		{duo + "EMPTY}", nil, checks.NotYet, "EMPTY is empty", 0},
		{duo + "PORT} # node", down, checks.CannotTell, "docker is down", 0},
	})
}

func TestEnvMistakes(t *testing.T) {
	refused(t, map[string]string{
		"env: {pod: a, container: b}":                                 "no variable is named",
		"env: {pod: a, name: C}":                                      "no container is named",
		"env: {container: b, name: C}":                                "no pod is named",
		"env: {pod: a, container: b, name: C=d}":                      `lesson.md:1:37: check "env": name: "C=d" cannot be the name`,
		"env: {pod: a, container: b, name: $C}":                       "cannot be the name",
		"env: {pod: a, container: b, name: C, set: false, equals: d}": "has no value to claim",
		"env: {pod: a, container: b, name: C, set: maybe}":            "want true or false",
		"ask env: {pod: a, container: b}":                             "no variable is named",
		"ask env: {pod: a, container: b, name: C, equals: d}":         `unknown field "equals"`,
	})
}
