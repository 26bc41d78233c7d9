package checks_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/checks/checkstest"
	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/internal/node"
)

func recorded(t testing.TB) *checkstest.Cluster {
	t.Helper()
	c, err := checkstest.Recorded()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// check parses one check as a lesson has it.
func check(t testing.TB, source string) checks.Check {
	t.Helper()
	specs, mistakes := lesson.ParseChecks("lesson.md", "- "+source)
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	k, mistakes := checks.Parse(specs[0])
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	return k
}

func eval(t testing.TB, c checks.Cluster, source string) checks.Result {
	t.Helper()
	return check(t, source).Eval(t.Context(), c)
}

const shim = "parent: containerd-shim-runc-v2"

// Every verdict below rests on what a real cluster and its node answered.
func TestVerdicts(t *testing.T) {
	tests := []struct {
		check   string
		verdict checks.Verdict
		got     string // what Got begins with; PIDs are not compared
		why     string // part of Why
	}{
		{"ready: {pod: demosolo, containers: 1/1}", checks.Pass, "1/1 containers ready", ""},
		{"ready: {pod: demoduo, containers: 2/2}", checks.Pass, "2/2 containers ready", ""},
		{"ready: {pod: demotrio, containers: 3/3}", checks.Pass, "3/3 containers ready", ""},
		{"ready: {pod: demoduo, containers: 3/3}", checks.NotYet, "2/2 containers ready", "the pod's spec has demox, demoy"},
		{"ready: {pod: demotrio, containers: 2/2}", checks.NotYet, "3/3 containers ready", "demoz"},
		{"ready: {pod: demotrio, containers: 2/3}", checks.NotYet, "3/3 containers ready", ""},
		{"ready: {pod: triomissing, containers: 3/3}", checks.NotYet, "2/3 containers ready", "demoz ended with exit code 1 (Error)"},
		{"ready: {pod: triomissing, containers: 2/3}", checks.Pass, "2/3 containers ready", ""},
		{"ready: {pod: duocrash, containers: 2/2}", checks.NotYet, "1/2 containers ready", "ended with exit code 1 (Error), restarted 3 times"},
		{"ready: {pod: duonoimage, containers: 2/2}", checks.NotYet, "1/2 containers ready", `demoy: ImagePullBackOff: Back-off pulling image "registry.invalid/demo:9.9.9": ErrImagePull`},
		{"ready: {pod: duoneverpull, containers: 2/2}", checks.NotYet, "1/2 containers ready", `demoy: ErrImageNeverPull: Container image "demo:9.9.9" is not present with pull policy of Never`},
		{"ready: {pod: duobadname, containers: 2/2}", checks.NotYet, "1/2 containers ready", "demoy: InvalidImageName: Failed to apply default image tag"},
		{"ready: {pod: duounscheduled, containers: 2/2}", checks.NotYet, "0/2 containers ready", "Unschedulable: 0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector"},
		{"ready: {pod: duonovolume, containers: 2/2}", checks.NotYet, "0/2 containers ready", `FailedMount: MountVolume.SetUp failed for volume "settings" : configmap "missing" not found`},
		{"ready: {pod: nobody, containers: 2/2}", checks.NotYet, "no pod nobody in this lab's namespace", ""},

		{"nprocs: {pod: demosolo, net: 2, uts: 2, ipc: 2, mnt: 1, pid: 1}", checks.Pass, "ipc 2, mnt 1, net 2, pid 1, uts 2", ""},
		{"nprocs: {pod: demoduo, net: 3, uts: 3, ipc: 3, mnt: 1, pid: 1}", checks.Pass, "ipc 3, mnt 1, net 3, pid 1, uts 3", ""},
		{"nprocs: {pod: demotrio, net: 4, uts: 4, ipc: 4, mnt: 1, pid: 1}", checks.Pass, "ipc 4, mnt 1, net 4, pid 1, uts 4", ""},
		{"nprocs: {pod: demoduo, net: 4, mnt: 2}", checks.NotYet, "mnt 1 (demox), mnt 1 (demoy), mnt 1 (pause), net 3 (one namespace shared by demox, demoy, pause)", ""},
		{"nprocs: {pod: duoshared, net: 3, uts: 3, ipc: 3, mnt: 1, pid: 1}", checks.NotYet, "pid 3 (one namespace shared by demox, demoy, pause)", "the pod has shareProcessNamespace: true"},
		{"nprocs: {pod: duoshared, pid: 3}", checks.Pass, "pid 3", ""},
		{"nprocs: {pod: duovisited, net: 3, uts: 3, ipc: 3, mnt: 1, pid: 1}", checks.Pass, "ipc 3, mnt 1, net 3, pid 1, uts 3", ""},
		{"nprocs: {pod: duozombie, net: 3, uts: 3, ipc: 3, mnt: 1, pid: 1}", checks.Pass, "ipc 3, mnt 1, net 3, pid 1, uts 3", ""},
		{"nprocs: {pod: duoentered, net: 3, uts: 3, ipc: 3, mnt: 1, pid: 1}", checks.Pass, "ipc 3, mnt 1, net 3, pid 1, uts 3", ""},
		{"nprocs: {pod: duovisited, net: 4}", checks.NotYet, "net 3 (", ""},
		{"nprocs: {pod: duochildren, mnt: 1}", checks.NotYet, "mnt 3 (demox)", ""},
		{"nprocs: {pod: duohost, net: 3}", checks.NotYet, "net ", "the pod has hostNetwork: true"},
		{"nprocs: {pod: triomissing, net: 4}", checks.NotYet, "not running: demoz terminated: Error", "demoz ended with exit code 1"},
		{"nprocs: {pod: duounscheduled, net: 3}", checks.NotYet, "pod duounscheduled is on no node yet", "Unschedulable: 0/1 nodes"},
		{"nprocs: {pod: nobody, net: 3}", checks.NotYet, "no pod nobody in this lab's namespace", ""},

		{"same-parent: {pod: demosolo, " + shim + "}", checks.Pass, "one parent, containerd-shim-runc-v2 (PID ", ""},
		{"same-parent: {pod: demotrio, " + shim + "}", checks.Pass, "one parent, containerd-shim-runc-v2 (PID ", ""},
		{"same-parent: {pod: duovisited, " + shim + "}", checks.Pass, "one parent, containerd-shim-runc-v2 (PID ", ""},
		{"same-parent: {pod: demoduo, parent: containerd-shim-runc-v1}", checks.NotYet, "one parent, but it is containerd-shim-runc-v2 (PID ", ""},
		{"same-parent: {pod: duocrash, " + shim + "}", checks.NotYet, "not running: demoy ", "exit code 1"},
		{"same-parent: {pod: nobody, " + shim + "}", checks.NotYet, "no pod nobody", ""},

		{"namespaces: {pod: demoduo, shared: [net, uts, ipc], private: [mnt, pid]}", checks.Pass, "ipc, net, uts shared; mnt, pid private", ""},
		{"namespaces: {pod: demosolo, shared: [net], private: [mnt, pid]}", checks.Pass, "net shared; mnt, pid private", ""},
		{"namespaces: {pod: demoduo, shared: [net, mnt], private: [uts]}", checks.NotYet, "mnt is private to each of demox, demoy, pause; uts is shared by demox, demoy, pause", ""},
		{"namespaces: {pod: duoshared, shared: [net, uts, ipc], private: [mnt, pid]}", checks.NotYet, "pid is shared by demox, demoy, pause", "the pod has shareProcessNamespace: true"},
		{"namespaces: {pod: duonoimage, shared: [net]}", checks.NotYet, "not running: demoy waiting: ImagePullBackOff", "registry.invalid"},
		{"namespaces: {pod: nobody, shared: [net]}", checks.NotYet, "no pod nobody", ""},

		{`pid1: {pod: demoduo, containers: {demox: "php -S 127.0.0.1:9081", demoy: php}}`, checks.Pass, "demox: php -S 127.0.0.1:9081, demoy: php -S 127.0.0.1:9082", ""},
		{`pid1: {pod: duovisited, containers: {demox: php}}`, checks.Pass, "demox: php -S 127.0.0.1:9081", ""},
		{`pid1: {pod: demoduo, containers: {demox: "php -S 127.0.0.1:9082"}}`, checks.NotYet, "demox: php -S 127.0.0.1:9081", ""},
		{`pid1: {pod: demoduo, containers: {demox: php, demoz: php}}`, checks.NotYet, "demox: php -S 127.0.0.1:9081, no container demoz", ""},
		{`pid1: {pod: duoshared, containers: {demox: php, demoy: php}}`, checks.NotYet, "demox: /pause, demoy: /pause", "the pod has shareProcessNamespace: true"},
		{`pid1: {pod: duoshared, containers: {demox: pause, demoy: pause}}`, checks.Pass, "demox: /pause, demoy: /pause", ""},
		{`pid1: {pod: duotitled, containers: {demox: php, demoy: bash}}`, checks.Pass, "demox: php: master process (/etc/php.ini), demoy: -bash -c sleep", ""},
		{`pid1: {pod: duotitled, containers: {demox: "php:", demoy: "-bash"}}`, checks.Pass, "demox: php: master process", ""},
		{`pid1: {pod: duotitled, containers: {demox: "php: master process (/etc/php.ini)"}}`, checks.Pass, "demox: php: master process", ""},
		{`pid1: {pod: duotitled, containers: {demox: master, demoy: sleep}}`, checks.NotYet, "demox: php: master process", ""},
		{`pid1: {pod: duochildren, containers: {demox: php}}`, checks.NotYet, "demox: sh -c sleep 1000000", ""},
		{`not: {pid1: {pod: demoduo, containers: {demoz: php}}}`, checks.NotYet, "no container demoz", ""},
		{`pid1: {pod: nobody, containers: {demox: php}}`, checks.NotYet, "no pod nobody", ""},
	}
	c := recorded(t) // only looked at
	for _, test := range tests {
		t.Run(test.check, func(t *testing.T) {
			r := eval(t, c, test.check)
			if r.Verdict != test.verdict || !strings.HasPrefix(r.Got, test.got) || !strings.Contains(r.Why, test.why) {
				t.Errorf("verdict %s, got %q, why %q;\nwant %s, %q..., ...%q...", r.Verdict, r.Got, r.Why, test.verdict, test.got, test.why)
			}
			if r.Want == "" {
				t.Error("the result does not say what was wanted")
			}
			if r.Verdict == checks.Pass && len(r.Evidence.Rows) < 2 {
				t.Errorf("a pass without evidence: %+v", r.Evidence)
			}
		})
	}
}

// everyKind returns checks that pass on the recorded demoduo, ready first.
func everyKind() []string {
	return []string{
		"ready: {pod: demoduo, containers: 2/2}",
		"nprocs: {pod: demoduo, net: 3, uts: 3, ipc: 3, mnt: 1, pid: 1}",
		"same-parent: {pod: demoduo, " + shim + "}",
		"namespaces: {pod: demoduo, shared: [net, uts, ipc], private: [mnt, pid]}",
		"pid1: {pod: demoduo, containers: {demox: php, demoy: php}}",
	}
}

// change spoils one thing about the recorded demoduo; below says that only what looks at the node can notice it.
type change struct {
	name    string
	below   bool
	spoil   func(*testing.T, *checkstest.Cluster)
	verdict checks.Verdict
	says    string // part of Got or Why
}

func changes() []change {
	duo := func(c *checkstest.Cluster) *corev1.Pod { return c.Pods["demoduo"] }
	return []change{
		{"the API is down", false, func(_ *testing.T, c *checkstest.Cluster) { c.PodErr = errors.New("connection refused") }, checks.CannotTell, "connection refused"},
		{"the node is down", true, func(_ *testing.T, c *checkstest.Cluster) { c.NodeErr = errors.New("docker is down") }, checks.CannotTell, "docker is down"},
		{"another node", true, func(_ *testing.T, c *checkstest.Cluster) { duo(c).Spec.NodeName = "worker" }, checks.CannotTell, "worker"},
		{"being deleted", false, func(_ *testing.T, c *checkstest.Cluster) { duo(c).DeletionTimestamp = &metav1.Time{} }, checks.NotYet, "is being deleted"},
		{"another pod of the same name", true, func(_ *testing.T, c *checkstest.Cluster) { duo(c).UID = "00000000-0000-0000-0000-000000000000" }, checks.CannotTell, "shows nothing of pod demoduo"},
		{"restarted since the node was looked at", true, func(_ *testing.T, c *checkstest.Cluster) {
			duo(c).Status.ContainerStatuses[0].ContainerID = "containerd://" + strings.Repeat("0", 64)
		}, checks.NotYet, "demox's container 000000000000 is not on node"},
		{"a container that the API does not name yet", true, func(t *testing.T, c *checkstest.Cluster) {
			first := task(t, c, 0)
			first.PID, first.ContainerID = 999999, strings.Repeat("1", 64)
			c.Snapshot.Processes = append(c.Snapshot.Processes, first)
			c.Snapshot.Tasks[first.ContainerID] = first.PID
		}, checks.NotYet, "does not name yet"},
		{"no sandbox", true, func(t *testing.T, c *checkstest.Cluster) { delete(c.Snapshot.Tasks, sandbox(t, c).ContainerID) }, checks.NotYet, "no sandbox"},
		{"a first process that is a zombie", true, func(t *testing.T, c *checkstest.Cluster) { process(t, c, task(t, c, 1).PID).State = "Z" }, checks.NotYet, "demoy's first process"},
		{"evicted", false, func(_ *testing.T, c *checkstest.Cluster) {
			duo(c).Status = corev1.PodStatus{Phase: corev1.PodFailed, Reason: "Evicted", Message: "The node was low on resource: memory."}
		}, checks.NotYet, "Evicted: The node was low on resource: memory."},
		{"a container not reported yet", false, func(_ *testing.T, c *checkstest.Cluster) {
			duo(c).Status.ContainerStatuses = duo(c).Status.ContainerStatuses[:1]
		}, checks.NotYet, ""},
	}
}

// whole are the changes that take a whole look at the node. ready only looks whether the first processes live; what it says
// of a zombie has a test of its own.
func whole() []string {
	return []string{"a container that the API does not name yet", "no sandbox", "a first process that is a zombie"}
}

// process returns the process in the snapshot, to be changed there.
func process(t *testing.T, c *checkstest.Cluster, pid int) *node.Process {
	t.Helper()
	at := slices.IndexFunc(c.Snapshot.Processes, func(p node.Process) bool { return p.PID == pid })
	if at < 0 {
		t.Fatalf("no process %d in the snapshot", pid)
	}
	return &c.Snapshot.Processes[at]
}

// task returns the first process of one of demoduo's containers.
func task(t *testing.T, c *checkstest.Cluster, container int) node.Process {
	t.Helper()
	id := strings.TrimPrefix(c.Pods["demoduo"].Status.ContainerStatuses[container].ContainerID, "containerd://")
	return *process(t, c, c.Snapshot.Tasks[id])
}

// sandbox returns the first process of demoduo's sandbox.
func sandbox(t *testing.T, c *checkstest.Cluster) node.Process {
	t.Helper()
	parent := process(t, c, task(t, c, 0).PPID)
	return *process(t, c, c.Snapshot.Tasks[parent.ShimID()])
}

func TestEveryKindNoticesEveryChange(t *testing.T) {
	for _, source := range everyKind() {
		kind, _, _ := strings.Cut(source, ":")
		if r := eval(t, recorded(t), source); r.Verdict != checks.Pass {
			t.Fatalf("%s before the change: %+v", source, r)
		}
		for _, change := range changes() {
			if kind == "ready" && slices.Contains(whole(), change.name) {
				continue
			}
			t.Run(kind+"/"+change.name, func(t *testing.T) {
				c := recorded(t)
				change.spoil(t, c)
				r := eval(t, c, source)
				if r.Verdict != change.verdict || !strings.Contains(r.Got+" "+r.Why, change.says) {
					t.Errorf("verdict %s, got %q, why %q; want %s, ...%q...", r.Verdict, r.Got, r.Why, change.verdict, change.says)
				}
				if r.Want == "" || r.Got == "" || (r.Verdict == checks.CannotTell) != (r.Try != "") {
					t.Errorf("want %q, got %q, try %q: a way out belongs to cannot-tell, and to it alone", r.Want, r.Got, r.Try)
				}
			})
		}
	}
}

func TestSameParentNearMisses(t *testing.T) {
	tests := map[string]struct {
		spoil func(*testing.T, *checkstest.Cluster)
		want  checks.Verdict
		says  string
	}{
		"another pod's shim": {func(t *testing.T, c *checkstest.Cluster) {
			shim := process(t, c, task(t, c, 0).PPID)
			shim.Args = strings.Replace(shim.Args, shim.ShimID(), strings.Repeat("f", 64), 1)
		}, checks.NotYet, "its -id is ffffffffffff"},
		"one container under systemd": {func(t *testing.T, c *checkstest.Cluster) {
			process(t, c, task(t, c, 1).PID).PPID = 1
		}, checks.NotYet, "2 parents: demox, pause under containerd-shim-runc-v2"},
		"a parent that the snapshot lacks": {func(t *testing.T, c *checkstest.Cluster) {
			process(t, c, task(t, c, 1).PID).PPID = 999999
		}, checks.CannotTell, "parent PID 999999"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := recorded(t)
			test.spoil(t, c)
			r := eval(t, c, "same-parent: {pod: demoduo, "+shim+"}")
			if r.Verdict != test.want || !strings.Contains(r.Got+" "+r.Why, test.says) {
				t.Errorf("verdict %s, got %q, why %q; want %s, ...%q...", r.Verdict, r.Got, r.Why, test.want, test.says)
			}
		})
	}
}

func TestNamespacesPartlyShared(t *testing.T) {
	for _, source := range []string{"namespaces: {pod: demoduo, shared: [net]}", "namespaces: {pod: demoduo, private: [net]}"} {
		c := recorded(t)
		process(t, c, task(t, c, 1).PID).Namespaces[node.Net] = 1
		r := eval(t, c, source)
		if r.Verdict != checks.NotYet || r.Got != "net is partly shared: demox+pause / demoy" {
			t.Errorf("%s: %s, %q", source, r.Verdict, r.Got)
		}
	}
}

func TestNProcsSaysWhatItLeftOut(t *testing.T) {
	tests := map[string]string{
		"nprocs: {pod: duovisited, mnt: 1}": "(sleep 60), which kubectl exec or a probe put into demox",
		"nprocs: {pod: duozombie, pid: 1}":  "([sleep] <defunct>), a zombie in demox",
		"nprocs: {pod: duoentered, net: 3}": "(sleep 61), which entered the pod's namespaces from outside",
	}
	for source, want := range tests {
		notes := eval(t, recorded(t), source).Evidence.Notes
		if len(notes) != 1 || !strings.HasSuffix(notes[0], want) {
			t.Errorf("%s: notes %q, want one that ends in %q", source, notes, want)
		}
	}
}

// When ps and lsns, a moment apart, do not agree, the verdict is given only if both say the same.
func TestNProcsTornSnapshot(t *testing.T) {
	c := recorded(t)
	inode := task(t, c, 0).Namespaces[node.Net]
	for i := range c.Snapshot.Namespaces {
		if c.Snapshot.Namespaces[i].Inode == inode {
			c.Snapshot.Namespaces[i].NProcs++
		}
	}
	tests := map[string]checks.Verdict{
		"nprocs: {pod: demoduo, net: 3}": checks.CannotTell,
		"nprocs: {pod: demoduo, net: 4}": checks.CannotTell,
		"nprocs: {pod: demoduo, net: 5}": checks.NotYet,
		"nprocs: {pod: demoduo, uts: 3}": checks.Pass,
	}
	for source, want := range tests {
		r := eval(t, c, source)
		noted := slices.ContainsFunc(r.Evidence.Notes, func(n string) bool { return strings.Contains(n, "ps counted 3 and lsns, a moment later, 4") })
		if r.Verdict != want || noted != strings.Contains(source, "net") {
			t.Errorf("%s: %s, %q, notes %q; want %s", source, r.Verdict, r.Got, r.Evidence.Notes, want)
		}
	}
}

// Containers that are all ready do not make the pod ready: its node may be gone.
func TestReadyNeedsThePodItself(t *testing.T) {
	c := recorded(t)
	conditions := c.Pods["demoduo"].Status.Conditions
	for i := range conditions {
		if conditions[i].Type == corev1.PodReady {
			conditions[i].Status, conditions[i].Reason = corev1.ConditionFalse, "NodeNotReady"
		}
	}
	r := eval(t, c, everyKind()[0])
	if r.Verdict != checks.NotYet || r.Got != "2/2 containers ready, but the pod is not" || r.Why != "NodeNotReady" {
		t.Errorf("%+v", r)
	}
}

// Between two tries the kubelet first says "terminated", then "waiting". The reason must be there with both.
func TestReadyCrashLoop(t *testing.T) {
	for _, state := range []corev1.ContainerState{
		{Terminated: &corev1.ContainerStateTerminated{ExitCode: 137, Reason: "OOMKilled"}},
		{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff", Message: "back-off 40s restarting failed container"}},
	} {
		c := recorded(t)
		demoy := &c.Pods["duocrash"].Status.ContainerStatuses[1]
		demoy.State, demoy.Ready, demoy.RestartCount = state, false, 1
		demoy.LastTerminationState.Terminated = &corev1.ContainerStateTerminated{ExitCode: 137, Reason: "OOMKilled"}
		r := eval(t, c, "ready: {pod: duocrash, containers: 2/2}")
		if r.Verdict != checks.NotYet || !strings.HasSuffix(r.Why, "ended with exit code 137 (OOMKilled), restarted once") {
			t.Errorf("%s, %q", r.Verdict, r.Why)
		}
	}
}

func TestResultJSON(t *testing.T) {
	text, err := json.Marshal(eval(t, recorded(t), "ready: {pod: nobody, containers: 2/2}"))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"verdict":"not-yet","want":"2/2 containers ready","got":"no pod nobody in this lab's namespace","evidence":{}}`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
}

// The runner keeps a memory for each check: two that say the same must not share one.
func TestEachCheckIsItsOwn(t *testing.T) {
	for _, source := range everyKind() {
		if a, b := check(t, source), check(t, source); a == b {
			t.Errorf("%s: one check, parsed twice", source)
		}
	}
}
