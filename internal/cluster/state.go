package cluster

import (
	"fmt"
	"slices"
)

// State says in one word how a cluster stands.
type State string

// The states of a cluster.
const (
	Absent   State = "absent"    // there is none
	Running  State = "running"   // its nodes run and, where that was asked, answer
	Stopped  State = "stopped"   // a node does not run; starting it is enough
	HalfMade State = "half-made" // podlab was ended while it made it
	Broken   State = "broken"    // it is not what it should be, and cannot be mended
	Foreign  State = "foreign"   // podlab did not make it
)

// want is what a cluster is asked to be.
type want struct {
	network string
	workers int    // or AnyWorkers
	image   string // or ""
}

// judge says how a cluster stands, from its nodes' containers and what the ledger says of it, and why if that needs a word.
// known is false when the ledger says nothing.
func judge(w want, nodes []nodeInfo, rec clusterRecord, known bool) (State, string) {
	if i := slices.IndexFunc(nodes, func(n nodeInfo) bool { return n.Network != w.network }); i >= 0 {
		return Foreign, fmt.Sprintf("container %s is on the network %q, not on podlab's", nodes[i].Name, nodes[i].Network)
	}
	switch {
	case known && !rec.Complete:
		return HalfMade, "podlab was ended while it made the cluster"
	case len(nodes) == 0 && known:
		return Absent, "its containers are gone"
	case len(nodes) == 0:
		return Absent, ""
	}
	if why := flaw(w, nodes, rec, known); why != "" {
		return Broken, why
	}
	if i := slices.IndexFunc(nodes, func(n nodeInfo) bool { return n.State != "running" }); i >= 0 {
		return Stopped, fmt.Sprintf("container %s is %s", nodes[i].Name, nodes[i].State)
	}
	return Running, ""
}

// flaw says what is wrong with a cluster that cannot be mended by starting its nodes, or "".
func flaw(w want, nodes []nodeInfo, rec clusterRecord, known bool) string {
	names := make([]string, 0, len(nodes))
	workers := 0
	for _, n := range nodes {
		names = append(names, n.Name)
		if n.Role == "worker" {
			workers++
		}
		if n.State == "dead" || n.State == "removing" || n.State == "created" {
			return fmt.Sprintf("container %s is %s", n.Name, n.State)
		}
		if w.image != "" && n.Image != w.image {
			return fmt.Sprintf("its nodes are made of %s, not of %s", n.Image, w.image)
		}
	}
	if known {
		for _, name := range rec.Nodes {
			if !slices.Contains(names, name) {
				return fmt.Sprintf("container %s is gone", name)
			}
		}
	}
	if len(nodes)-workers != 1 {
		return fmt.Sprintf("it has %d control planes, not 1", len(nodes)-workers)
	}
	if w.workers != AnyWorkers && w.workers != workers {
		return fmt.Sprintf("it has %d workers, not %d", workers, w.workers)
	}
	return ""
}
