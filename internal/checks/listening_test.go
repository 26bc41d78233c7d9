package checks_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/checks/checkstest"
	"github.com/podlab/podlab/internal/node"
)

// opens lets a process of the node listen in the network namespace that it is in.
func opens(t testing.TB, c *checkstest.Cluster, protocol, address string, port int, owners ...int) {
	t.Helper()
	p, ok := c.Snapshot.Process(owners[0])
	if !ok {
		t.Fatalf("no process %d", owners[0])
	}
	if c.Within == nil {
		c.Within = &node.Inside{}
	}
	c.Within.Sockets = append(c.Within.Sockets, node.Socket{Net: p.Namespaces[node.Net], Protocol: protocol, Address: address, Port: port, Owners: owners})
}

func firstPID(t testing.TB, c *checkstest.Cluster, pod, container string) int {
	t.Helper()
	return c.Snapshot.Tasks[idOf(t, c, pod, container)]
}

// visitorOf returns what kubectl exec started in duovisited, "sleep 60".
func visitorOf(t testing.TB, c *checkstest.Cluster) int {
	t.Helper()
	for _, p := range c.Snapshot.Pod(string(c.Pods["duovisited"].UID)).Visitors {
		if p.Args == "sleep 60" {
			return p.PID
		}
	}
	t.Fatal("no visitor was recorded")
	return 0
}

func ports(t testing.TB, c *checkstest.Cluster) {
	t.Helper()
	demox, demoy := firstPID(t, c, "demoduo", "demox"), firstPID(t, c, "demoduo", "demoy")
	opens(t, c, "tcp", "127.0.0.1", 9081, demox)
	opens(t, c, "tcp", "::", 9082, demoy)
	opens(t, c, "udp", "0.0.0.0", 9081, demoy)
	opens(t, c, "tcp", "::ffff:127.0.0.1", 9083, demox, demoy)
	opens(t, c, "tcp", "127.0.0.1", 9090, firstPID(t, c, "demosolo", "demox"))
	opens(t, c, "tcp", "0.0.0.0", 6443, 1)
	opens(t, c, "tcp", "0.0.0.0", 9091, visitorOf(t, c))
	opens(t, c, "tcp", "127.0.0.1", 9481, firstPID(t, c, "duohost", "demox"))
}

func TestListening(t *testing.T) {
	const duo = "listening: {pod: demoduo, port: "
	lookFails := func(_ testing.TB, c *checkstest.Cluster) { c.Within = nil }
	newcomer := func(t testing.TB, c *checkstest.Cluster) {
		opens(t, c, "tcp", "0.0.0.0", 9099, firstPID(t, c, "demoduo", "demox"))
		c.Within.Sockets[len(c.Within.Sockets)-1].Owners = []int{999999}
	}
	closing := func(t testing.TB, c *checkstest.Cluster) {
		newcomer(t, c)
		c.Within.Sockets[len(c.Within.Sockets)-1].Owners = nil
	}
	creating := func(_ testing.TB, c *checkstest.Cluster) {
		pod := c.Pods["demoduo"]
		pod.UID = "00000000-0000-0000-0000-000000000000" // of which the node shows nothing
		for i := range pod.Status.ContainerStatuses {
			s := &pod.Status.ContainerStatuses[i]
			s.ContainerID, s.State = "", corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}}
		}
	}
	finished := func(_ testing.TB, c *checkstest.Cluster) { c.Pods["demoduo"].Status.Phase = corev1.PodSucceeded }
	inContainers(t, ports, []judged{
		{duo + "9081, container: demox}", nil, checks.Pass, "demox listens on port 9081 of 127.0.0.1", 0},
		{duo + "9081, container: demox, address: 127.0.0.1, protocol: TCP}", nil, checks.Pass, "", 0},
		{duo + "9081}", nil, checks.Pass, "", 0},
		{duo + "9082, container: demoy, address: any}", nil, checks.Pass, "", 0},
		{duo + "9082, container: demoy, address: 0.0.0.0}", nil, checks.Pass, "", 0},
		{duo + "9081, container: demoy, protocol: udp}", nil, checks.Pass, "demoy listens on UDP port 9081 of any", 0},
		{duo + "9083, container: demoy, address: 127.0.0.1}", nil, checks.Pass, "demox and demoy", 0},
		{duo + "9084, nobody: true}", nil, checks.Pass, "nobody listens on port 9084", 0},
		{duo + "9081, address: any, nobody: true}", nil, checks.Pass, "", 0},
		{"listening: {pod: duohost, port: 9481, container: demox}", nil, checks.Pass, "", 0},
		{"listening: {pod: duovisited, port: 9091, nobody: true}", nil, checks.Pass, "sleep (PID ", 0},

		{duo + "9081, container: demoy}", nil, checks.NotYet, `"want":"demoy listens on port 9081","got":"demox listens on port 9081 of 127.0.0.1"`, 1},
		{duo + "9081, container: demox, address: any}", nil, checks.NotYet, "of 127.0.0.1", 1},
		{duo + "9082, container: demox, address: 127.0.0.1}", nil, checks.NotYet, "demoy listens on port 9082 of any", 1},
		{duo + "9082, container: demoy, protocol: udp}", nil, checks.NotYet, "nobody listens on UDP port 9082", 1},
		{duo + "9090, container: demox}", nil, checks.NotYet, "nobody listens on port 9090", 1}, // demosolo's demox does
		{duo + "6443}", nil, checks.NotYet, "nobody listens", 1},                                // the node itself does
		{duo + "9081, nobody: true}", nil, checks.NotYet, "demox listens", 1},
		{"listening: {pod: duovisited, port: 9091, container: demox}", nil, checks.NotYet, "which kubectl exec or a probe started", 1},
		{"listening: {pod: duohost, port: 6443}", nil, checks.NotYet, "which is not the pod's", 1},
		{"listening: {pod: duohost, port: 6443, nobody: true}", nil, checks.NotYet, "which is not the pod's", 1},
		{duo + "9081, container: demox} # the other is down", stopped("demoduo", "demoy"), checks.Pass, "", 0},
		{duo + "9081, container: demoz}", nil, checks.NotYet, "no container demoz", 1},
		{duo + "9081} # the other is down", stopped("demoduo", "demoy"), checks.Pass, "demox listens", 0},
		{duo + "9084, nobody: true} # one is down", stopped("demoduo", "demoy"), checks.NotYet, "CrashLoopBackOff", 1},
		{"not: {" + duo + "9084}} # one is down", stopped("demoduo", "demoy"), checks.NotYet, "nobody listens on port 9084", 0},
		{"not: {" + duo + "9081, nobody: true}} # one is down", stopped("demoduo", "demoy"), checks.Pass, "", 0},
		{duo + "9084, nobody: true} # no sandbox yet", creating, checks.NotYet, "ContainerCreating", 2},
		{"not: {" + duo + "9084}} # no sandbox yet", creating, checks.NotYet, "ContainerCreating", 0},
		{duo + "9099, nobody: true} # ended", finished, checks.NotYet, "has ended (Succeeded)", 0},

		{duo + "9099, container: demox}", newcomer, checks.CannotTell, "whose socket listens on port 9099", 0},
		{duo + "9099, nobody: true}", newcomer, checks.CannotTell, "whose socket listens on port 9099", 0},
		{duo + "9099, nobody: true} # closing", closing, checks.CannotTell, "whose socket listens on port 9099", 0},
		{duo + "9081, container: demox} # another port's is not known", newcomer, checks.Pass, "", 0},
		{duo + "9084, nobody: true} # not looked at", lookFails, checks.CannotTell, "could not be looked into", 0},
	})
	nodeFaults(t, duo+"9084, container: demox}", func(c *checkstest.Cluster) { ports(t, c) })
}

func TestListeningNamesVisitors(t *testing.T) {
	r := eval(t, prepared(t, ports, nil), "listening: {pod: duovisited, port: 9091, nobody: true}")
	if notes := strings.Join(r.Evidence.Notes, ""); !strings.Contains(notes, "(sleep 60), which kubectl exec or a probe put into demox") {
		t.Errorf("notes %q", notes)
	}
	if rows := strings.Join(r.Evidence.Rows, "\n"); !strings.Contains(rows, "9091") || strings.Contains(rows, "9081") {
		t.Errorf("rows %q", rows)
	}
}

func TestListeningFact(t *testing.T) {
	factsInContainers(t, ports, []judged{
		{"listening: {pod: demoduo, port: 9081}", nil, checks.Pass, "demox", 0},
		{"listening: {pod: demoduo, port: 9081, protocol: udp}", nil, checks.Pass, "demoy", 0},
		{"listening: {pod: demoduo, port: 9083}", nil, checks.NotYet, "demox and demoy", 0},
		{"listening: {pod: demoduo, port: 9090}", nil, checks.NotYet, "nobody listens", 0},
		{"listening: {pod: demoduo, port: 9081} # api", apiDown, checks.CannotTell, "connection refused", 0},
	})
}

func TestListeningMistakes(t *testing.T) {
	refused(t, map[string]string{
		"listening: {pod: a}":                                      "no port is given",
		"listening: {port: 1}":                                     "no pod is named",
		"listening: {pod: a, port: 0}":                             "want a port, 1 to 65535",
		"listening: {pod: a, port: 65536}":                         "want a port, 1 to 65535",
		"listening: {pod: a, port: 80x}":                           "want a port, 1 to 65535",
		"listening: {pod: a, port: 1, protocol: sctp}":             "want tcp or udp",
		"listening: {pod: a, port: 1, address: localhost}":         "want any or an IP address",
		"listening: {pod: a, port: 1, container: b, nobody: true}": "nobody is no container",
		"ask listening: {pod: a, port: 1, container: b}":           `unknown field "container"`,
		"ask listening: {pod: a}":                                  "no port is given",
	})
}
