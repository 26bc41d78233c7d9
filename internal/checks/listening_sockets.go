package checks

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/podlab/podlab/internal/node"
)

// listener is a socket that listens in a pod's network namespace, and who has it open.
type listener struct {
	address string // "any", or an IP address
	port    int

	containers []string       // of the pod, by their own processes
	visitors   []node.Process // that kubectl exec or a probe put into a container of the pod
	strangers  []node.Process // of no container of the pod, as the node's own where the pod has hostNetwork
	owners     []node.Process // all of them
	unknown    bool           // a process has it open that the snapshot does not have
}

// at says whether it listens on the address; "" is whichever.
func (l listener) at(address string) bool { return address == "" || l.address == address }

// answers says whether a connection to the IP address may come to it.
func (l listener) answers(ip string) bool { return l.address == "any" || l.address == ip }

// who names those that have it open.
func (l listener) who() string {
	all := slices.Clone(l.containers)
	for _, p := range l.visitors {
		all = append(all, fmt.Sprintf("%s (PID %d), which kubectl exec or a probe started,", p.Program(), p.PID))
	}
	for _, p := range l.strangers {
		all = append(all, fmt.Sprintf("%s (PID %d), which is not the pod's,", p.Program(), p.PID))
	}
	if l.unknown {
		all = append(all, "somebody unknown")
	}
	return strings.Join(all, " and ")
}

// listenersOf returns the sockets of the pod's network namespace that listen by the protocol, in the order of their ports.
func (s *sight) listenersOf(in *node.Inside, protocol string) []listener {
	var all []listener
	for _, socket := range in.Sockets {
		if socket.Net != s.sandbox().first.Namespaces[node.Net] || socket.Protocol != protocol {
			continue
		}
		all = append(all, s.listenerOf(socket))
	}
	slices.SortStableFunc(all, func(a, b listener) int { return a.port - b.port })
	return all
}

func (s *sight) listenerOf(socket node.Socket) listener {
	l := listener{address: plainAddress(socket.Address), port: socket.Port, unknown: len(socket.Owners) == 0}
	for _, pid := range socket.Owners {
		p, known := s.node.Process(pid)
		if !known {
			l.unknown = true
			continue
		}
		l.owners = append(l.owners, p)
		switch {
		case has(s.below.Visitors, p):
			l.visitors = append(l.visitors, p)
		case !has(s.below.Own, p):
			l.strangers = append(l.strangers, p)
		default:
			l.containers = append(l.containers, s.nameOf(p))
		}
	}
	slices.Sort(l.containers)
	l.containers = slices.Compact(l.containers)
	return l
}

// nameOf returns the name of the container that the process is in.
func (s *sight) nameOf(p node.Process) string {
	for _, m := range s.members {
		if m.id == p.ContainerID {
			return m.name
		}
	}
	return fmt.Sprintf("container %.12s", p.ContainerID)
}

// plainAddress returns "any" for all addresses of the pod, and an IPv4 address that is written as an IPv6 one as such.
func plainAddress(address string) string {
	ip, err := netip.ParseAddr(address)
	switch {
	case err == nil && ip.IsUnspecified(), address == "*":
		return "any"
	case err == nil:
		return ip.Unmap().String()
	}
	return address
}

func (s *sight) listenEvidence(all []listener, protocol string) Evidence {
	rows := [][]string{{"ADDRESS", "PORT", "PID", "CONTAINER", "COMMAND"}}
	e := Evidence{Command: fmt.Sprintf("nsenter -t %d -n ss -Hlnp --%s", s.sandbox().first.PID, protocol)}
	for _, l := range all {
		for _, p := range l.owners {
			where := "-"
			if has(s.below.Own, p) || has(s.below.Visitors, p) {
				where = s.nameOf(p)
			}
			rows = append(rows, []string{l.address, fmt.Sprint(l.port), fmt.Sprint(p.PID), where, p.Args})
		}
		e.Notes = append(e.Notes, s.notes(l.visitors)...)
	}
	e.Rows = table(rows...)
	return e
}
