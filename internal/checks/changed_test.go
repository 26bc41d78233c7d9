package checks_test

import (
	"errors"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/checks/checkstest"
)

// started gives every process of the snapshot a start.
func started(t *testing.T) *checkstest.Cluster {
	t.Helper()
	c := recorded(t)
	for i := range c.Snapshot.Processes {
		c.Snapshot.Processes[i].Start = 1000 + uint64(c.Snapshot.Processes[i].PID)
	}
	c.Pods["demoduo"].Status.PodIP = "10.244.0.9"
	return c
}

// sinceThen lets the check begin, changes something, and looks.
func sinceThen(t *testing.T, c *checkstest.Cluster, source string, change func()) checks.Result {
	t.Helper()
	k := check(t, source)
	if b, ok := k.(checks.Beginner); !ok || !b.Begin(t.Context(), c) {
		t.Fatalf("%s: nothing was noted", source)
	}
	change()
	return k.Eval(t.Context(), c)
}

// renew gives demox another container, as a restart does.
func renew(t *testing.T, c *checkstest.Cluster) {
	t.Helper()
	first := firstOf(t, c, "demoduo", "demox")
	old, fresh := first.ContainerID, strings.Repeat("a", 64)
	for i := range c.Snapshot.Processes {
		if c.Snapshot.Processes[i].ContainerID == old {
			c.Snapshot.Processes[i].ContainerID = fresh
		}
	}
	delete(c.Snapshot.Tasks, old)
	first.Start += 500 // the same PID, used again
	c.Snapshot.Tasks[fresh] = first.PID
	status := &c.Pods["demoduo"].Status.ContainerStatuses[0]
	status.ContainerID = "containerd://" + fresh
	status.RestartCount++
}

// replace makes another pod of the same name of demoduo.
func replace(c *checkstest.Cluster) {
	const uid = "11111111-2222-3333-4444-555555555555"
	old := string(c.Pods["demoduo"].UID)
	for i := range c.Snapshot.Processes {
		if c.Snapshot.Processes[i].PodUID == old {
			c.Snapshot.Processes[i].PodUID = uid
		}
	}
	c.Pods["demoduo"].UID = uid
}

func TestChanged(t *testing.T) {
	nothing := func(*testing.T, *checkstest.Cluster) {}
	down := func(_ *testing.T, c *checkstest.Cluster) { stop(c, "demoduo", "demox") }
	newPod := func(_ *testing.T, c *checkstest.Cluster) { replace(c) }
	newIP := func(_ *testing.T, c *checkstest.Cluster) { c.Pods["demoduo"].Status.PodIP = "10.244.0.10" }
	child := func(t *testing.T, c *checkstest.Cluster) {
		p := *firstOf(t, c, "demoduo", "demox")
		p.PPID, p.PID, p.Start = p.PID, 900001, 5000
		c.Snapshot.Processes = append(c.Snapshot.Processes, p)
	}
	const php = ", of: processes, container: demox, program: php}"
	tests := []struct {
		what               string
		change             func(*testing.T, *checkstest.Cluster)
		changed, unchanged checks.Verdict
		says               string // of the one that is not yet
	}{
		{", of: container-id, container: demox}", nothing, checks.NotYet, checks.Pass, "still "},
		{", of: container-id, container: demox}", renew, checks.Pass, checks.NotYet, strings.Repeat("a", 12)},
		{", of: container-id, container: demoy}", renew, checks.NotYet, checks.Pass, "still "},
		{", of: container-id, container: demox}", newPod, checks.Pass, checks.NotYet, "replaced by another of its name"},
		{", of: container-id, container: demoy}", down, checks.NotYet, checks.Pass, "still"},
		{", of: restarts, container: demox}", renew, checks.Pass, checks.NotYet, "{demox's restarts 0 1}"},
		{", of: restarts, container: demox}", newPod, checks.Pass, checks.NotYet, "replaced"},
		{", of: pid, container: demox}", nothing, checks.NotYet, checks.Pass, "still PID"},
		{", of: pid, container: demox}", renew, checks.Pass, checks.NotYet, "started"},
		{", of: pid, container: demox}", child, checks.NotYet, checks.Pass, "still PID"},
		{php, child, checks.NotYet, checks.NotYet, "PID "},
		{php, renew, checks.Pass, checks.NotYet, "PID "},
		{", of: pod-ip}", renew, checks.NotYet, checks.Pass, "still 10.244.0.9"},
		{", of: pod-ip}", newPod, checks.NotYet, checks.Pass, "still 10.244.0.9"},
		{", of: pod-ip}", newIP, checks.Pass, checks.NotYet, "{pod-ip 10.244.0.9 10.244.0.10}"},
		{", of: pod-uid}", newPod, checks.Pass, checks.NotYet, "11111111"},
		{", of: sandbox-id}", renew, checks.NotYet, checks.Pass, "still"},
		{", of: sandbox-id}", newPod, checks.Pass, checks.NotYet, "replaced"},
	}
	for _, test := range tests {
		for kind, want := range map[string]checks.Verdict{"changed": test.changed, "unchanged": test.unchanged} {
			c := started(t)
			source := kind + ": {pod: demoduo" + test.what
			r := sinceThen(t, c, source, func() { test.change(t, c) })
			said := r.Got
			for _, m := range r.Mismatches {
				said += " {" + m.Of + " " + m.Want + " " + m.Got + "}"
			}
			if r.Verdict != want || r.Verdict == checks.NotYet && !strings.Contains(said, test.says) {
				t.Errorf("%s: %s, %s; want %s, ...%q...", source, r.Verdict, said, want, test.says)
			}
			if r.Verdict == checks.Pass && len(r.Evidence.Rows) < 3 {
				t.Errorf("%s: a pass without evidence: %+v", source, r.Evidence)
			}
		}
	}
}

// While something is gone it has neither changed nor stayed.
func TestChangedGone(t *testing.T) {
	tests := []struct {
		what    string
		spoil   func(*testing.T, *checkstest.Cluster)
		verdict checks.Verdict
		says    string
	}{
		{", of: container-id, container: demox}", func(_ *testing.T, c *checkstest.Cluster) { stop(c, "demoduo", "demox") }, checks.NotYet, "CrashLoopBackOff"},
		{", of: pid, container: demox}", func(_ *testing.T, c *checkstest.Cluster) { delete(c.Pods, "demoduo") }, checks.NotYet, "no pod demoduo"},
		{", of: pod-ip}", func(_ *testing.T, c *checkstest.Cluster) { c.Pods["demoduo"].Status.PodIP = "" }, checks.NotYet, "no IP address"},
		{", of: pod-ip}", func(_ *testing.T, c *checkstest.Cluster) { c.Pods["demoduo"].Status.Phase = corev1.PodFailed }, checks.NotYet, "has ended"},
		{", of: pod-uid}", func(_ *testing.T, c *checkstest.Cluster) { c.Pods["demoduo"].DeletionTimestamp = &metav1.Time{} }, checks.NotYet, "being deleted"},
		{", of: restarts, container: demox}", func(_ *testing.T, c *checkstest.Cluster) { delete(c.Pods, "demoduo") }, checks.NotYet, "no pod"},
		{", of: processes, container: demox, program: php}", func(t *testing.T, c *checkstest.Cluster) {
			firstOf(t, c, "demoduo", "demox").Comm = "x"
			firstOf(t, c, "demoduo", "demox").Args = "x"
		}, checks.NotYet, "none"},
		{", of: pid, container: demox}", func(t *testing.T, c *checkstest.Cluster) { firstOf(t, c, "demoduo", "demox").Start = 0 }, checks.CannotTell, "when PID"},
		{", of: pid, container: demox}", func(_ *testing.T, c *checkstest.Cluster) { c.NodeErr = errors.New("docker is down") }, checks.CannotTell, "docker is down"},
		{", of: sandbox-id}", func(_ *testing.T, c *checkstest.Cluster) { c.NodeErr = errors.New("docker is down") }, checks.CannotTell, "docker is down"},
		{", of: pod-ip}", func(_ *testing.T, c *checkstest.Cluster) { c.PodErr = errors.New("refused") }, checks.CannotTell, "refused"},
		{", of: restarts, container: demox}", func(_ *testing.T, c *checkstest.Cluster) { c.PodErr = errors.New("refused") }, checks.CannotTell, "refused"},
	}
	for _, test := range tests {
		for _, kind := range []string{"changed", "unchanged"} {
			c := started(t)
			r := sinceThen(t, c, kind+": {pod: demoduo"+test.what, func() { test.spoil(t, c) })
			if r.Verdict != test.verdict || !strings.Contains(r.Got+r.Why, test.says) {
				t.Errorf("%s%s: %s, %s, %s; want %s, ...%q...", kind, test.what, r.Verdict, r.Got, r.Why, test.verdict, test.says)
			}
		}
	}
}

// The API goes on for a moment as if a container that has crashed were running.
func TestUnchangedIsHeldAgainstTheNode(t *testing.T) {
	for _, what := range []string{"container-id", "restarts", "pid"} {
		c := started(t)
		r := sinceThen(t, c, "unchanged: {pod: demoduo, container: demox, of: "+what+"}", func() {
			delete(c.Snapshot.Tasks, firstOf(t, c, "demoduo", "demox").ContainerID)
		})
		if r.Verdict != checks.NotYet {
			t.Errorf("%s: %+v, want not yet", what, r)
		}
	}
}

func TestChangedWithoutBeginning(t *testing.T) {
	c := started(t)
	for _, source := range []string{"changed: {pod: demoduo, of: pod-ip}", "unchanged: {pod: demoduo, of: pod-ip}"} {
		r := eval(t, c, source)
		if r.Verdict != checks.NotYet || r.Got != "nothing was noted when the step began" {
			t.Errorf("%s: %+v", source, r)
		}
	}
	k := check(t, "changed: {pod: nobody, of: pod-ip}").(checks.Beginner)
	if k.Begin(t.Context(), c) {
		t.Error("a value was noted of a pod that does not exist")
	}
	k = check(t, "changed: {pod: demoduo, of: processes, container: demox, program: nginx}").(checks.Beginner)
	if k.Begin(t.Context(), c) {
		t.Error("a value was noted of processes that do not exist")
	}
	// The first note is the one that counts.
	k = check(t, "changed: {pod: demoduo, of: pod-ip}").(checks.Beginner)
	first := k.Begin(t.Context(), c)
	c.Pods["demoduo"].Status.PodIP = "10.244.0.10"
	second := k.Begin(t.Context(), c)
	if r := k.(checks.Check).Eval(t.Context(), c); !first || !second || r.Verdict != checks.Pass {
		t.Errorf("%t, %t, %+v", first, second, r)
	}
}

func TestChangedMistakes(t *testing.T) {
	mistaken(t, map[string]string{
		"changed: {pod: demoduo}":                                          `lesson.md:1:3: check "changed": nothing is named that could change (of: container-id, and the like)`,
		"changed: {pod: demoduo, of: container}":                           `lesson.md:1:31: check "changed": of: unknown "container" (did you mean "container-id"?)`,
		"changed: {pod: demoduo, of: pid}":                                 `lesson.md:1:3: check "changed": no container is named (container: NAME)`,
		"unchanged: {pod: demoduo, of: pod-ip, container: demox}":          `lesson.md:1:41: check "unchanged": pod-ip is the pod's, not a container's`,
		"unchanged: {pod: demoduo, of: processes, container: demox}":       `lesson.md:1:3: check "unchanged": program: NAME and of: processes go together`,
		"changed: {pod: demoduo, of: pid, container: demox, program: php}": `lesson.md:1:54: check "changed": program: NAME and of: processes go together`,
	})
}

func TestChangedFact(t *testing.T) {
	c := started(t)
	fact, _ := checks.ParseFact(spec(t, "changed: {pod: demoduo, of: pod-ip}"))
	if got, r := fact.Value(t.Context(), c); got != "" || r.Verdict != checks.NotYet {
		t.Errorf("%q, %+v; want no value before the step began", got, r)
	}
	if !fact.(checks.Beginner).Begin(t.Context(), c) {
		t.Fatal("nothing was noted")
	}
	if got, r := fact.Value(t.Context(), c); got != "no" || r.Verdict != checks.Pass {
		t.Errorf("%q, %+v; want no", got, r)
	}
	c.Pods["demoduo"].Status.PodIP = "10.244.0.10"
	if got, _ := fact.Value(t.Context(), c); got != "yes" {
		t.Errorf("%q, want yes", got)
	}
	c.Pods["demoduo"].Status.PodIP = ""
	if got, r := fact.Value(t.Context(), c); got != "" || r.Verdict != checks.NotYet {
		t.Errorf("%q, %+v; want no value while the pod has no address", got, r)
	}
}

// The opposite of a claim is not so of what is not there.
func TestNotChanged(t *testing.T) {
	c := started(t)
	for _, source := range []string{
		"not: {changed: {pod: demoduo, of: pod-ip}}",
		"not: {unchanged: {pod: demoduo, of: pod-ip}}",
		"not: {process: {pod: demoduo, container: demoz, program: php}}",
		"not: {grows: {pod: demoduo, container: demox, file: /nothing}}",
	} {
		if r := eval(t, c, source); r.Verdict != checks.NotYet {
			t.Errorf("%s: %+v, want not yet", source, r)
		}
	}
	r := sinceThen(t, c, "not: {changed: {pod: demoduo, of: pod-ip}}", func() {})
	if r.Verdict != checks.Pass {
		t.Errorf("%+v, want a pass", r)
	}
}
