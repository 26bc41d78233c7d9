package node_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/podlab/podlab/internal/node"
)

func argsOf(processes []node.Process) []string {
	var args []string
	for _, p := range processes {
		args = append(args, p.Args)
	}
	slices.Sort(args)
	return args
}

func TestPodTellsVisitorsFromItsOwn(t *testing.T) {
	s := parse(t, output(t))
	pod := s.Pod(find(t, s, "sleep 60").PodUID)
	if diff := cmp.Diff([]string{"sleep 60"}, argsOf(pod.Visitors)); diff != "" {
		t.Errorf("visitors (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"/pause", "php -S 127.0.0.1:9081", "php -S 127.0.0.1:9082"}, argsOf(pod.Own)); diff != "" {
		t.Errorf("own processes (-want +got):\n%s", diff)
	}
	if len(pod.Containers) != 3 {
		t.Errorf("%d containers with the sandbox, want 3", len(pod.Containers))
	}
}

func TestPodKeepsChildrenOfItsContainers(t *testing.T) {
	s := parse(t, output(t))
	pod := s.Pod(find(t, s, "sh -c sleep 1000000 & php -S 127.0.0.1:9081").PodUID)
	if len(pod.Visitors) != 0 || !slices.Contains(argsOf(pod.Own), "sleep 1000000") {
		t.Errorf("own %q, visitors %q", argsOf(pod.Own), argsOf(pod.Visitors))
	}
}

// A visitor's child is a visitor as well. Once its parent is gone, the kernel gives it to the container's PID 1, and it
// counts as the container's own.
func TestPodFollowsParents(t *testing.T) {
	s := parse(t, output(t))
	visitor := find(t, s, "sleep 60")
	child := visitor
	child.PID, child.PPID, child.Args = 999999, visitor.PID, "child"
	s.Processes = append(s.Processes, child)
	if got := argsOf(s.Pod(visitor.PodUID).Visitors); !slices.Contains(got, "child") {
		t.Errorf("visitors %q, want the child among them", got)
	}
	s.Processes[len(s.Processes)-1].PPID = s.Tasks[visitor.ContainerID]
	if got := argsOf(s.Pod(visitor.PodUID).Own); !slices.Contains(got, "child") {
		t.Errorf("own %q, want the orphan among them", got)
	}
}

func TestPodUnknown(t *testing.T) {
	s := parse(t, output(t))
	for _, uid := range []string{"", "00000000-0000-0000-0000-000000000000"} {
		if pod := s.Pod(uid); len(pod.Containers)+len(pod.Own)+len(pod.Visitors) != 0 {
			t.Errorf("Pod(%q) = %+v, want nothing", uid, pod)
		}
	}
}

func TestShimID(t *testing.T) {
	s := parse(t, output(t))
	php := find(t, s, "php -S 127.0.0.1:9083")
	shim, _ := s.Process(php.PPID)
	sandbox, ok := s.Pod(php.PodUID).Containers[shim.ShimID()]
	if !ok || sandbox.Program() != "pause" {
		t.Errorf("the shim is named after %q, want the sandbox of the pod", shim.ShimID())
	}
	if php.ShimID() != "" {
		t.Error("php is taken for a shim")
	}
}

func TestRows(t *testing.T) {
	s := parse(t, output(t))
	php := find(t, s, "php -S 127.0.0.1:9083")
	row, _ := s.Namespace(node.Mnt, php.Namespaces[node.Mnt])
	for name, rows := range map[string][]string{
		"PID PPID COMMAND":                node.PSRows([]node.Process{php}),
		"NS TYPE NPROCS PID PPID COMMAND": node.LsnsRows([]node.Namespace{row}),
		"PID MNTNS COMMAND":               node.NamespaceRows([]node.Process{php}, []node.Type{node.Mnt}),
	} {
		if len(rows) != 2 || strings.Join(strings.Fields(rows[0]), " ") != name || !strings.HasSuffix(rows[1], " php -S 127.0.0.1:9083") {
			t.Errorf("rows %q", rows)
		}
		if at := strings.Index(rows[0], "COMMAND"); !strings.HasPrefix(rows[1][at:], "php ") {
			t.Errorf("columns are not aligned: %q", rows)
		}
	}
}

// lsns counts a zombie in its pid namespace and nowhere else, and so does ps.
func TestZombie(t *testing.T) {
	s := parse(t, output(t))
	zombie := find(t, s, "[sleep] <defunct>")
	if !zombie.Zombie() || zombie.Namespaces[node.Mnt] != 0 || zombie.ContainerID == "" {
		t.Errorf("zombie: %+v", zombie)
	}
	row, ok := s.Namespace(node.PID, zombie.Namespaces[node.PID])
	if !ok || row.NProcs != 2 {
		t.Errorf("lsns's row for its pid namespace: %+v", row)
	}
	if find(t, s, "/sbin/init").Zombie() {
		t.Error("init is taken for a zombie")
	}
}
