package checks_test

import (
	"testing"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/checks/checkstest"
	"github.com/podlab/podlab/internal/node"
)

// cgroups gives demox the limits 64Mi and 500m on a node with version 1, and demoy none but one of processes.
func cgroups(t *testing.T) func(*checkstest.Cluster) {
	const pod = "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod0e4306cd_4e83_49d3_b355_41468d2063ae.slice/cri-containerd-"
	return func(c *checkstest.Cluster) {
		x, y := firstOf(t, c, "demoduo", "demox").ContainerID, firstOf(t, c, "demoduo", "demoy").ContainerID
		c.Within = &node.Inside{Cgroups: map[string]node.Limits{
			x: {Path: pod + x + ".scope", Version: 1, Memory: 64 << 20, CPUQuota: 50000, CPUPeriod: 100000, CPUWeight: 512, PIDs: -1},
			y: {Path: pod + y + ".scope", Version: 2, Memory: -1, CPUQuota: -1, CPUPeriod: 100000, CPUWeight: 1, PIDs: 100, OOMKills: 2},
		}}
	}
}

func TestCgroup(t *testing.T) {
	c := recorded(t)
	cgroups(t)(c)
	holdAll(t, c, []sighted{
		{"cgroup: {pod: demoduo, container: demox, memory: 64Mi, cpu: 500m, pids: none, oom-kills: 0, own: true}", checks.Pass, ""},
		{"cgroup: {pod: demoduo, container: demox, memory: 67108864, cpu: 0.5}", checks.Pass, ""},
		{"cgroup: {pod: demoduo, container: demox, memory: 65536Ki}", checks.Pass, ""},
		{
			"cgroup: {pod: demoduo, container: demox, memory: 64M, cpu: 1, pids: 100, oom-kills: '>= 1'}", checks.NotYet,
			"[{demox's memory limit 64M 64Mi} {demox's CPU limit 1 500m} {demox's PID limit 100 none} {demox's OOM kills >= 1 0}]",
		},
		{"cgroup: {pod: demoduo, container: demox, memory: none, cpu: none}", checks.NotYet, "[{demox's memory limit none 64Mi} {demox's CPU limit none 500m}]"},
		{"cgroup: {pod: demoduo, container: demoy, memory: none, cpu: none, pids: 100, oom-kills: 2}", checks.Pass, ""},
		{"cgroup: {pod: demoduo, container: demoy, memory: 64Mi, cpu: 500m}", checks.NotYet, "[{demoy's memory limit 64Mi none} {demoy's CPU limit 500m none}]"},
		{"cgroup: {pod: demoduo, container: demoz, memory: none}", checks.NotYet, "no container demoz"},
		{"cgroup: {pod: demosolo, container: demox, memory: none}", checks.CannotTell, "does not show the cgroup of demox"},
	})

	x, y := firstOf(t, c, "demoduo", "demox").ContainerID, firstOf(t, c, "demoduo", "demoy").ContainerID
	rounded := c.Within.Cgroups[x]
	rounded.Memory, rounded.Path = 99999744, c.Within.Cgroups[y].Path
	c.Within.Cgroups[x] = rounded
	holdAll(t, c, []sighted{
		{"cgroup: {pod: demoduo, container: demox, memory: 100M}", checks.Pass, ""},
		{"cgroup: {pod: demoduo, container: demox, memory: 100010k}", checks.NotYet, "97656Ki"},
		{"cgroup: {pod: demoduo, container: demox, own: true}", checks.NotYet, "shared with demoy"},
	})
}

func TestCgroupFaults(t *testing.T) {
	nodeFaults(t, "cgroup: {pod: demoduo, container: demox, memory: 64Mi}", cgroups(t))
}

func TestCgroupMistakes(t *testing.T) {
	mistaken(t, map[string]string{
		"cgroup: {pod: demoduo, container: demox}":               `lesson.md:1:3: check "cgroup": nothing is claimed of the cgroup (memory: 64Mi, and the like)`,
		"cgroup: {pod: demoduo, container: demox, memory: 64MB}": `lesson.md:1:52: check "cgroup": memory: want a quantity as Kubernetes writes it, as 64Mi or 500m, or none, found "64MB"`,
		"cgroup: {pod: demoduo, container: demox, cpu: 0}":       `lesson.md:1:49: check "cgroup": cpu: want a quantity as Kubernetes writes it, as 64Mi or 500m, or none, found "0"`,
		"cgroup: {pod: demoduo, container: demox, own: false}":   `lesson.md:1:44: check "cgroup": only own: true can be claimed`,
	})
}

func TestCgroupFact(t *testing.T) {
	c := recorded(t)
	cgroups(t)(c)
	worth(t, c, map[string]string{
		"cgroup: {pod: demoduo, container: demox, which: memory}":    "64Mi",
		"cgroup: {pod: demoduo, container: demox, which: cpu}":       "500m",
		"cgroup: {pod: demoduo, container: demox, which: pids}":      "none",
		"cgroup: {pod: demoduo, container: demoy, which: oom-kills}": "2",
		"cgroup: {pod: demosolo, container: demox, which: memory}":   "",
	})
}
