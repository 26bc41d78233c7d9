package checks

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/internal/node"
)

// cgroup claims what the kernel limits a container to.
type cgroup struct {
	pod, container    string
	memory, cpu, pids limit
	oomKills          comparison
	own               bool
}

type cgroupFields struct {
	Pod       podName       `yaml:"pod" doc:"name of the pod"`
	Container containerName `yaml:"container" doc:"name of the container"`
	Memory    limit         `yaml:"memory" doc:"memory limit as a quantity, as 64Mi, or none"`
	CPU       limit         `yaml:"cpu" doc:"CPU limit as a quantity, as 500m, or none"`
	PIDs      limit         `yaml:"pids" doc:"limit on the number of processes and threads, or none"`
	OOMKills  comparison    `yaml:"oom-kills" doc:"how many processes the kernel has killed there for want of memory, as 1 or >= 1"`
	Own       *bool         `yaml:"own" doc:"true: no other container of the pod, nor its sandbox, is in the same cgroup"`
}

type cgroupAsk struct {
	Pod       podName       `yaml:"pod" doc:"name of the pod"`
	Container containerName `yaml:"container" doc:"name of the container"`
	Which     string        `yaml:"which" doc:"memory, cpu, pids or oom-kills"`
}

// limit is a Kubernetes quantity, or none.
type limit struct {
	text  string // as the lesson has it; "" if nothing is claimed
	none  bool
	milli int64 // thousandths
	whole int64 // rounded up
}

// UnmarshalText reads what Kubernetes reads as a quantity, or none.
func (l *limit) UnmarshalText(text []byte) error {
	*l = limit{text: strings.TrimSpace(string(text))}
	if l.text == "none" {
		l.none = true
		return nil
	}
	q, err := resource.ParseQuantity(l.text)
	if err != nil || q.Sign() <= 0 {
		return fmt.Errorf("want a quantity as Kubernetes writes it, as 64Mi or 500m, or none, found %q", text)
	}
	l.milli, l.whole = q.MilliValue(), q.Value()
	return nil
}

func cgroupKind() Kind {
	return Kind{
		Name: "cgroup",
		Says: "The kernel holds the container's own cgroup to these limits; all that are given must be so, and `none` is no limit. It compares what the " +
			"cgroup's files say, not what the manifest asks for: a limit of the whole pod, or of another container, does not count. A memory limit that is " +
			"not a multiple of a page is rounded down by the kernel. `oom-kills` counts since this run of the container began: a container that " +
			"ended by such a kill and was started again has a new cgroup, which counts from 0.",
		Fields: cgroupFields{},
		Examples: []string{
			"cgroup: {pod: demoduo, container: demox, memory: 64Mi, cpu: 500m}",
			"cgroup: {pod: demoduo, container: demoy, memory: none, oom-kills: 0, own: true}",
		},
		Shows:       "The cgroup's path and the lines of its files, of version 1 or 2, whichever the node has.",
		CannotTell:  "The node does not show the cgroup of the first process.",
		AskSays:     "The answer is a quantity, as `64Mi` or `500m`, or `none`; for `pids` and `oom-kills` a number.",
		AskFields:   cgroupAsk{},
		AskExamples: []string{"answer: {cgroup: {pod: demoduo, container: demox, which: memory}}"},
		check:       parseCgroup,
		fact:        parseCgroupFact,
	}
}

func parseCgroup(spec lesson.CheckSpec) (Check, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f cgroupFields, wrong func(string, string, ...any)) {
		needContainer(f.Pod, f.Container, wrong)
		if f.Memory.text+f.CPU.text+f.PIDs.text == "" && f.OOMKills.none() && f.Own == nil {
			wrong("", "nothing is claimed of the cgroup (memory: 64Mi, and the like)")
		}
		if f.Own != nil && !*f.Own {
			wrong("own", "only own: true can be claimed")
		}
	})
	return cgroup{string(f.Pod), string(f.Container), f.Memory, f.CPU, f.PIDs, f.OOMKills, f.Own != nil}, mistakes
}

func parseCgroupFact(spec lesson.CheckSpec) (Fact, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f cgroupAsk, wrong func(string, string, ...any)) {
		needContainer(f.Pod, f.Container, wrong)
		if known := []string{"memory", "cpu", "pids", "oom-kills"}; !slices.Contains(known, f.Which) {
			wrong("which", "want one of which: memory, cpu, pids or oom-kills, found %q", f.Which)
		}
	})
	return cgroupFact{cgroup{pod: string(f.Pod), container: string(f.Container)}, f.Which}, mistakes
}

// Kind returns "cgroup".
func (cgroup) Kind() string { return "cgroup" }

// Subject returns the pod.
func (k cgroup) Subject() string { return k.pod }

// Title returns what the check list shows.
func (k cgroup) Title() string { return k.pod + ": " + k.want() }

func (k cgroup) want() string {
	var parts []string
	add := func(given bool, text string) {
		if given {
			parts = append(parts, text)
		}
	}
	add(k.memory.text != "", "memory limit "+k.memory.text)
	add(k.cpu.text != "", "CPU limit "+k.cpu.text)
	add(k.pids.text != "", "PID limit "+k.pids.text)
	add(!k.oomKills.none(), "OOM kills "+k.oomKills.String())
	add(k.own, "a cgroup of its own")
	return k.container + ": " + strings.Join(parts, ", ")
}

// Eval reads the cgroup's files on the pod's node.
func (k cgroup) Eval(ctx context.Context, c Cluster) Result {
	found, r := k.find(ctx, c)
	if r.Verdict == "" {
		r.Verdict, r.Got = Pass, k.want()
		r = unlike(r, k.differs(found))
	}
	r.Want = k.want()
	return r
}

// limited is a container's cgroup, and who else is in it.
type limited struct {
	node.Limits
	others []string
}

func (k cgroup) find(ctx context.Context, c Cluster) (limited, Result) {
	s, m, r := lookAtOne(ctx, c, k.pod, k.container)
	if s == nil {
		return limited{}, r
	}
	in, r := s.inside(ctx, c)
	if in == nil {
		return limited{}, r
	}
	limits, ok := in.Cgroups[m.id]
	if !ok || limits.Path == "" {
		return limited{}, cannotTell(fmt.Sprintf("node %s does not show the cgroup of %s", s.node.Node, k.container),
			"the container may have ended while it was looked at", "look again")
	}
	found := limited{Limits: limits}
	for _, other := range s.members {
		if other.id != m.id && in.Cgroups[other.id].Path == limits.Path {
			found.others = append(found.others, other.name)
		}
	}
	return found, Result{Evidence: cgroupEvidence(limits)}
}

func (k cgroup) differs(found limited) []Mismatch {
	var off []Mismatch
	add := func(wrong bool, of, want, got string) {
		if wrong {
			off = append(off, Mismatch{k.container + "'s " + of, want, got})
		}
	}
	add(!k.memory.isMemory(found.Memory), "memory limit", k.memory.text, bytesText(found.Memory))
	add(!k.cpu.isCPU(found.Limits), "CPU limit", k.cpu.text, cpuText(found.Limits))
	add(!k.pids.is(found.PIDs), "PID limit", k.pids.text, limitText(found.PIDs))
	add(!k.oomKills.none() && !k.oomKills.holds(float64(found.OOMKills)), "OOM kills", k.oomKills.String(), fmt.Sprint(found.OOMKills))
	add(k.own && len(found.others) > 0, "cgroup", "its own", "shared with "+join(found.others))
	return off
}

// is says whether the limit is claimed, and if so whether it is this one. Less than 0 is no limit.
func (l limit) is(n int64) bool {
	return l.text == "" || l.none && n < 0 || !l.none && n == l.whole
}

// isMemory is the same in bytes: the kernel keeps whole pages.
func (l limit) isMemory(n int64) bool {
	if l.is(n) {
		return true
	}
	pages := []int64{4 << 10, 16 << 10, 64 << 10}
	return !l.none && slices.ContainsFunc(pages, func(page int64) bool { return n == l.whole-l.whole%page && n > 0 })
}

func (l limit) isCPU(found node.Limits) bool {
	if found.CPUQuota < 0 || l.none || l.text == "" {
		return l.text == "" || l.none && found.CPUQuota < 0
	}
	return found.CPUQuota*1000 == l.milli*found.CPUPeriod
}

func bytesText(n int64) string {
	if n < 0 {
		return "none"
	}
	return resource.NewQuantity(n, resource.BinarySI).String()
}

// cpuText is the quota as a quantity: a quota of 50000 in each period of 100000 is 500m.
func cpuText(l node.Limits) string {
	if l.CPUQuota < 0 || l.CPUPeriod <= 0 {
		return "none"
	}
	return resource.NewMilliQuantity(l.CPUQuota*1000/l.CPUPeriod, resource.DecimalSI).String()
}

func limitText(n int64) string {
	if n < 0 {
		return "none"
	}
	return strconv.FormatInt(n, 10)
}

// cgroupEvidence writes the lines as they are in the cgroup's files.
func cgroupEvidence(l node.Limits) Evidence {
	maximum := func(n int64, none string) string {
		if n < 0 {
			return none
		}
		return strconv.FormatInt(n, 10)
	}
	if l.Version == 2 {
		return Evidence{
			Command: "cd /sys/fs/cgroup" + l.Path + " && grep . memory.max cpu.max pids.max && grep 'oom_kill ' memory.events",
			Rows: []string{
				"memory.max:" + maximum(l.Memory, "max"),
				fmt.Sprintf("cpu.max:%s %d", maximum(l.CPUQuota, "max"), l.CPUPeriod),
				"pids.max:" + maximum(l.PIDs, "max"),
				fmt.Sprintf("oom_kill %d", l.OOMKills),
			},
		}
	}
	return Evidence{
		Command: "cd /sys/fs/cgroup; in=" + l.Path + "\n" +
			"grep . memory$in/memory.limit_in_bytes cpu$in/cpu.cfs_*_us pids$in/pids.max; grep 'oom_kill ' memory$in/memory.oom_control",
		Rows: []string{
			// The kernel's own way to say that there is no limit.
			"memory.limit_in_bytes:" + maximum(l.Memory, "9223372036854771712"),
			fmt.Sprintf("cpu.cfs_period_us:%d", l.CPUPeriod),
			"cpu.cfs_quota_us:" + maximum(l.CPUQuota, "-1"),
			"pids.max:" + maximum(l.PIDs, "max"),
			fmt.Sprintf("oom_kill %d", l.OOMKills),
		},
	}
}

type cgroupFact struct {
	cgroup
	which string
}

// Value returns the limit.
func (f cgroupFact) Value(ctx context.Context, c Cluster) (string, Result) {
	found, r := f.find(ctx, c)
	if r.Verdict != "" {
		return "", r
	}
	answer := map[string]string{
		"memory": bytesText(found.Memory), "cpu": cpuText(found.Limits), "pids": limitText(found.PIDs), "oom-kills": fmt.Sprint(found.OOMKills),
	}[f.which]
	r.Verdict, r.Got = Pass, f.container+": "+answer
	return answer, r
}
