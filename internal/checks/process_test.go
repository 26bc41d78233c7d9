package checks_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/checks/checkstest"
	"github.com/podlab/podlab/internal/node"
)

// sighted is one check and what must come of it.
type sighted struct {
	check   string
	verdict checks.Verdict
	says    string // in what was got or why, or in a mismatch
}

func (j sighted) hold(t *testing.T, c *checkstest.Cluster) {
	t.Helper()
	r := eval(t, c, j.check)
	if said := fmt.Sprintf("%s; %s; %v", r.Got, r.Why, r.Mismatches); r.Verdict != j.verdict || !strings.Contains(said, j.says) {
		t.Errorf("%s:\nverdict %s, %s;\nwant %s, ...%q...", j.check, r.Verdict, said, j.verdict, j.says)
	}
	if r.Want == "" {
		t.Errorf("%s: the result does not say what was wanted", j.check)
	}
	if r.Verdict == checks.Pass && len(r.Evidence.Rows) < 2 {
		t.Errorf("%s: a pass without evidence: %+v", j.check, r.Evidence)
	}
	if r.Verdict == checks.CannotTell && r.Why == "" && r.Try == "" {
		t.Errorf("%s: no way out: %+v", j.check, r)
	}
}

func holdAll(t *testing.T, c *checkstest.Cluster, all []sighted) {
	t.Helper()
	for _, j := range all {
		j.hold(t, c)
	}
}

// mistaken parses checks that are wrong, and compares what is said of them.
func mistaken(t *testing.T, tests map[string]string) {
	t.Helper()
	for source, want := range tests {
		_, mistakes := checks.Parse(spec(t, source))
		mistakes.Sort()
		if diff := cmp.Diff(want, mistakes.Error()); diff != "" {
			t.Errorf("%s: mistakes (-want +got):\n%s", source, diff)
		}
	}
}

// nodeFaults spoils demoduo in each way that whatever looks at the node can meet. The check is about demox.
func nodeFaults(t *testing.T, check string, prepare func(*checkstest.Cluster)) {
	t.Helper()
	tests := []struct {
		spoil   func(*checkstest.Cluster)
		verdict checks.Verdict
		says    string
	}{
		{func(c *checkstest.Cluster) { c.PodErr = errors.New("connection refused") }, checks.CannotTell, "connection refused"},
		{func(c *checkstest.Cluster) { c.NodeErr = errors.New("docker is down") }, checks.CannotTell, "docker is down"},
		{func(c *checkstest.Cluster) { delete(c.Pods, "demoduo") }, checks.NotYet, "no pod demoduo"},
		{func(c *checkstest.Cluster) { c.Pods["demoduo"].DeletionTimestamp = &metav1.Time{} }, checks.NotYet, "is being deleted"},
		{func(c *checkstest.Cluster) { c.Pods["demoduo"].UID = "00000000" }, checks.CannotTell, "shows nothing of pod demoduo"},
		{func(c *checkstest.Cluster) { c.Pods["demoduo"].Spec.NodeName = "" }, checks.NotYet, "on no node yet"},
		{func(c *checkstest.Cluster) {
			c.Pods["demoduo"].Status.ContainerStatuses[0].ContainerID = "containerd://" + strings.Repeat("0", 64)
		}, checks.NotYet, "is not on node"},
		{func(c *checkstest.Cluster) { stop(c, "demoduo", "demox") }, checks.NotYet, "waiting: CrashLoopBackOff"},
	}
	for _, test := range tests {
		c := recorded(t)
		prepare(c)
		test.spoil(c)
		sighted{check, test.verdict, test.says}.hold(t, c)
	}
}

// stop makes the container one that has crashed, to the API and on the node.
func stop(c *checkstest.Cluster, pod, container string) {
	for i := range c.Pods[pod].Status.ContainerStatuses {
		status := &c.Pods[pod].Status.ContainerStatuses[i]
		if status.Name != container {
			continue
		}
		delete(c.Snapshot.Tasks, strings.TrimPrefix(status.ContainerID, "containerd://"))
		status.Ready, status.ContainerID = false, ""
		status.State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}}
	}
}

// firstOf returns the first process of a container.
func firstOf(t *testing.T, c *checkstest.Cluster, pod, container string) *node.Process {
	t.Helper()
	for _, status := range c.Pods[pod].Status.ContainerStatuses {
		if status.Name == container {
			return process(t, c, c.Snapshot.Tasks[strings.TrimPrefix(status.ContainerID, "containerd://")])
		}
	}
	t.Fatalf("no container %s in pod %s", container, pod)
	return nil
}

func TestProcess(t *testing.T) {
	holdAll(t, recorded(t), []sighted{
		{"process: {pod: demoduo, container: demox, program: php}", checks.Pass, "php in demox"},
		{"process: {pod: demoduo, container: demox, program: php -S  127.0.0.1:9081, count: 1}", checks.Pass, ""},
		{"process: {pod: demoduo, container: demox, program: php -S 127.0.0.1:9082}", checks.NotYet, "{php -S 127.0.0.1:9082 in demox >= 1 process 0 processes}"},
		{"process: {pod: demoduo, container: demox, program: php, count: 2}", checks.NotYet, "{php in demox 2 processes 1 process}"},
		{"process: {pod: duochildren, container: demox, program: sleep}", checks.Pass, ""},
		{"process: {pod: duovisited, container: demox, program: sleep}", checks.NotYet, "0 processes"},
		{"process: {pod: duovisited, container: demox, program: sleep, count: 0}", checks.Pass, ""},
		{"process: {pod: duozombie, container: demox, program: sh, count: 0}", checks.Pass, ""},
		{"process: {pod: duotitled, container: demoy, program: -bash}", checks.Pass, ""},

		{"process: {pod: demoduo, container: demox, program: php, visible-from: demox}", checks.Pass, ""},
		{"process: {pod: demoduo, container: demox, program: php, visible-from: demoy, visible: false}", checks.Pass, ""},
		{"process: {pod: demoduo, container: demox, program: php, visible-from: demoy}", checks.NotYet, "0 processes, of 1 that run"},
		{"process: {pod: demoduo, container: demox, program: nginx, visible-from: demoy, visible: false}", checks.NotYet, "nginx in demox"},
		{"process: {pod: duoshared, container: demox, program: php, visible-from: demoy}", checks.Pass, ""},
		{"process: {pod: duoshared, container: demox, program: php, count: 2, visible-from: demoy}", checks.NotYet, "shareProcessNamespace"},
		{"process: {pod: duoshared, container: demox, program: php, visible-from: demoy, visible: false}", checks.NotYet, "not visible from demoy visible there"},

		{"process: {pod: demoduo, container: demoz, program: php}", checks.NotYet, "pod demoduo has no container demoz"},
		{"process: {pod: triomissing, container: demox, program: php}", checks.Pass, ""},
		{"process: {pod: triomissing, container: demoz, program: php}", checks.NotYet, "terminated: Error"},
		{"process: {pod: duonoimage, container: demox, program: php, visible-from: demoy}", checks.NotYet, "{demoy running waiting: ImagePullBackOff}"},
	})
}

// A process in a pid namespace below the viewer's is visible, one in a namespace above it is not.
func TestProcessInNestedNamespaces(t *testing.T) {
	c := recorded(t)
	x, y := firstOf(t, c, "demoduo", "demox"), firstOf(t, c, "demoduo", "demoy")
	inner := *x
	inner.PID, inner.PPID, inner.Comm, inner.Args = 900001, x.PID, "nested", "nested"
	inner.NSPID = []int{900001, 8, 1}
	inner.Namespaces = map[node.Type]uint64{node.PID: 4026999999, node.Mnt: 1}
	c.Snapshot.Processes = append(c.Snapshot.Processes, inner)
	nested := func(rest string) string {
		return "process: {pod: demoduo, container: demox, program: nested, " + rest + "}"
	}
	holdAll(t, c, []sighted{
		{nested("visible-from: demox"), checks.Pass, ""},
		{nested("visible-from: demoy, visible: false"), checks.Pass, ""},
		{nested("visible-from: demoy"), checks.NotYet, "of 1 that run"},
	})

	y.NSPID = []int{y.PID, 9, 1} // demoy's own first process is in a nested namespace: php of demox is above it
	holdAll(t, c, []sighted{{"process: {pod: demoduo, container: demox, program: php, visible-from: demoy, visible: false}", checks.Pass, ""}})

	y.NSPID = []int{y.PID, 1}
	process(t, c, x.PID).NSPID = nil // what is between the two cannot be known
	holdAll(t, c, []sighted{{nested("visible-from: demoy"), checks.CannotTell, "could not be followed"}})
}

func TestProcessFaults(t *testing.T) {
	nodeFaults(t, "process: {pod: demoduo, container: demox, program: php}", func(*checkstest.Cluster) {})
}

func TestProcessMistakes(t *testing.T) {
	mistaken(t, map[string]string{
		"process: {pod: demoduo}": "lesson.md:1:3: check \"process\": no container is named (container: NAME)\n" +
			"lesson.md:1:3: check \"process\": no program is named (program: NAME or COMMAND LINE)",
		"process: {pod: demoduo, container: demox, program: php, visible: false}": `lesson.md:1:59: check "process": visible says nothing without visible-from: CONTAINER`,
		"process: {pod: demoduo, container: demox, program: php, count: many}":    `lesson.md:1:66: check "process": count: want a number or a comparison, as 3 or >= 3, found "many"`,
		`process: {pod: demoduo, container: demox, program: ""}`:                  `lesson.md:1:54: check "process": program: want a program's name or a whole command line, found nothing`,
	})
}

// worth reads facts, and compares them.
func worth(t *testing.T, c *checkstest.Cluster, tests map[string]string) {
	t.Helper()
	for source, want := range tests {
		got, r := value(t, c, source)
		known := r.Verdict == checks.Pass
		if got != want || known != (want != "") || known && len(r.Evidence.Rows) < 2 {
			t.Errorf("%s: %q, %+v; want %q", source, got, r, want)
		}
	}
}

func TestProcessFact(t *testing.T) {
	worth(t, recorded(t), map[string]string{
		"process: {pod: demoduo, container: demox, program: php}":                        "1",
		"process: {pod: duoshared, container: demox, program: php, visible-from: demoy}": "1",
		"process: {pod: demoduo, container: demox, program: php, visible-from: demoy}":   "0",
		"process: {pod: duovisited, container: demox, program: sleep}":                   "0",
		"process: {pod: nobody, container: demox, program: php}":                         "",
	})
}
