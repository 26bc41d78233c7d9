package node

import (
	"fmt"
	"maps"
	"strings"
)

// Usage is what the kernel has counted of the CPU time that each pod's processes had, by pod UID. It stays the same as long
// as nothing runs in the pod, be it a process of its own or one that kubectl exec put there; what the texts say does not matter.
type Usage map[string]string

// ParseUsage reads what Script's usage printed on the named node.
func ParseUsage(node string, output []byte) (Usage, error) {
	parts, err := split("usage 1", []string{"usage"}, output)
	if err != nil {
		return nil, fmt.Errorf("look at the cgroups of node %s: %w", node, err)
	}
	usage := Usage{}
	for _, line := range nonEmpty(parts["usage"].body) {
		colon, slash := strings.LastIndexByte(line, ':'), strings.LastIndexByte(line, '/')
		if colon < slash || slash < 0 {
			return nil, fmt.Errorf("look at the cgroups of node %s: %q is no value of a cgroup", node, line)
		}
		if uid, _ := podAndContainer(line[:slash]); uid != "" {
			usage[uid] += line + "\n"
		}
	}
	if len(usage) == 0 {
		return nil, fmt.Errorf("look at the cgroups of node %s: there is none of a pod", node)
	}
	return usage, nil
}

// Of returns what was counted of the pods.
func (u Usage) Of(uids []string) Usage {
	some := maps.Clone(u)
	maps.DeleteFunc(some, func(uid, _ string) bool {
		for _, wanted := range uids {
			if uid == wanted {
				return false
			}
		}
		return true
	})
	return some
}
