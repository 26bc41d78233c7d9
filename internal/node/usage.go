package node

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Usage is the CPU time that each pod's processes have had so far, by pod UID: its own, and those that kubectl exec put there.
type Usage map[string]time.Duration

// ParseUsage reads what Script's usage printed on the named node.
func ParseUsage(node string, output []byte) (Usage, error) {
	usage, err := parseUsage(output)
	if err != nil {
		return nil, fmt.Errorf("look at the cgroups of node %s: %w", node, err)
	}
	return usage, nil
}

func parseUsage(output []byte) (Usage, error) {
	parts, err := split("usage 1", []string{"usage"}, output)
	if err != nil {
		return nil, err
	}
	usage := Usage{}
	for _, line := range nonEmpty(parts["usage"].body) {
		colon, slash := strings.LastIndexByte(line, ':'), strings.LastIndexByte(line, '/')
		if colon < slash || slash < 0 {
			return nil, fmt.Errorf("%q is no value of a cgroup", line)
		}
		had, counts, err := cpuTime(line[colon+1:])
		if err != nil {
			return nil, fmt.Errorf("%q: %w", line, err)
		}
		// The pod's own cgroup holds those of its containers, so it has the most.
		if uid, _ := podAndContainer(line[:slash]); counts && uid != "" {
			usage[uid] = max(usage[uid], had)
		}
	}
	if len(usage) == 0 {
		return nil, fmt.Errorf("there is none of a pod")
	}
	return usage, nil
}

// cpuTime reads "1234", nanoseconds in cgroups of version 1, or "usage_usec 1234" of version 2, where other rows do not count.
func cpuTime(value string) (had time.Duration, counts bool, err error) {
	unit := time.Nanosecond
	if key, rest, keyed := strings.Cut(value, " "); keyed {
		if key != "usage_usec" {
			return 0, false, nil
		}
		value, unit = rest, time.Microsecond
	}
	n, err := strconv.ParseInt(value, 10, 64)
	return time.Duration(n) * unit, true, err
}

// noise is what a pod in which nothing happens may use now and then: the kernel wakes its processes for the kubelet's sake
// (44 µs were seen). A program that is started needs a hundred times as much.
const noise = 150 * time.Microsecond

// Quiet says whether nothing has run in the pods since u was taken, as far as now shows.
func (u Usage) Quiet(now Usage, uids []string) bool {
	for _, uid := range uids {
		before, there := u[uid]
		after, still := now[uid]
		if there != still || after-before > noise {
			return false
		}
	}
	return true
}
