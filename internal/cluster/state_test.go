package cluster

import "testing"

func TestJudge(t *testing.T) {
	first := nodeInfo{Name: "podlab-control-plane", Role: "control-plane", State: "running", Image: "node:1", Network: "podlab"}
	worker := nodeInfo{Name: "podlab-worker", Role: "worker", State: "running", Image: "node:1", Network: "podlab"}
	in := func(n nodeInfo, state string) nodeInfo { n.State = state; return n }
	on := func(n nodeInfo, network string) nodeInfo { n.Network = network; return n }
	any1 := want{network: "podlab", workers: AnyWorkers}
	both := clusterRecord{Complete: true, Nodes: []string{"podlab-control-plane", "podlab-worker"}}
	one := clusterRecord{Complete: true, Nodes: []string{"podlab-control-plane"}}
	tests := []struct {
		name  string
		want  want
		nodes []nodeInfo
		rec   *clusterRecord
		state State
		why   string
	}{
		{"nothing", any1, nil, nil, Absent, ""},
		{"containers gone", any1, nil, &one, Absent, "its containers are gone"},
		{"killed before any container", any1, nil, &clusterRecord{}, HalfMade, "podlab was ended while it made the cluster"},
		{"killed after one", any1, []nodeInfo{first}, &clusterRecord{}, HalfMade, "podlab was ended while it made the cluster"},
		{"healthy", any1, []nodeInfo{first}, &one, Running, ""},
		{"healthy, ledger lost", any1, []nodeInfo{first}, nil, Running, ""},
		{"healthy with a worker", any1, []nodeInfo{first, worker}, &both, Running, ""},
		{"stopped", any1, []nodeInfo{in(first, "exited")}, &one, Stopped, "container podlab-control-plane is exited"},
		{"worker paused", any1, []nodeInfo{first, in(worker, "paused")}, &both, Stopped, "container podlab-worker is paused"},
		{"never started", any1, []nodeInfo{in(first, "created")}, &one, Broken, "container podlab-control-plane is created"},
		{"dead", any1, []nodeInfo{in(first, "dead")}, &one, Broken, "container podlab-control-plane is dead"},
		{"worker gone", any1, []nodeInfo{first}, &both, Broken, "container podlab-worker is gone"},
		{"control plane gone", any1, []nodeInfo{worker}, nil, Broken, "it has 0 control planes, not 1"},
		{"too few workers", want{network: "podlab", workers: 2}, []nodeInfo{first, worker}, &both, Broken, "it has 1 workers, not 2"},
		{"too many workers", want{network: "podlab"}, []nodeInfo{first, worker}, &both, Broken, "it has 1 workers, not 0"},
		{"as asked", want{network: "podlab", workers: 1, image: "node:1"}, []nodeInfo{first, worker}, &both, Running, ""},
		{
			"other image",
			want{network: "podlab", workers: AnyWorkers, image: "node:2"},
			[]nodeInfo{first},
			&one, Broken, "its nodes are made of node:1, not of node:2",
		},
		{
			"the user's own", any1,
			[]nodeInfo{on(first, "kind")},
			nil, Foreign,
			`container podlab-control-plane is on the network "kind", not on podlab's`,
		},
		{
			"the user's own, where podlab was killed before it made one", any1,
			[]nodeInfo{on(first, "kind")},
			&clusterRecord{}, Foreign,
			`container podlab-control-plane is on the network "kind", not on podlab's`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var rec clusterRecord
			if tt.rec != nil {
				rec = *tt.rec
			}
			state, why := judge(tt.want, tt.nodes, rec, tt.rec != nil)
			if state != tt.state || why != tt.why {
				t.Errorf("got %s, %q; want %s, %q", state, why, tt.state, tt.why)
			}
		})
	}
}
