package node_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/podlab/podlab/internal/node"
)

// recorded returns what testdata/record-inside.sh recorded on a real node with the pod of testdata/inside.yaml.
func recorded(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// targets returns the two containers of the recorded pod.
func targets(t testing.TB) (first, second node.Target) {
	t.Helper()
	if _, err := fmt.Sscan(recorded(t, "targets.txt"), &first.ID, &first.PID, &second.ID, &second.PID); err != nil {
		t.Fatal(err)
	}
	return first, second
}

func inside(t testing.TB, text string) *node.Inside {
	t.Helper()
	first, second := targets(t)
	in, err := node.ParseInside("dev-control-plane", []node.Target{first, second}, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func TestInsideReadsSockets(t *testing.T) {
	first, second := targets(t)
	in := inside(t, recorded(t, "inside.txt"))
	if len(in.Sockets) != 3 || in.Sockets[0].Net == 0 || len(in.Sockets[2].Owners) != 1 || in.Sockets[2].Owners[0] == first.PID {
		t.Fatalf("sockets %+v, want three, the last with an owner that is not the first process", in.Sockets)
	}
	ns := in.Sockets[0].Net
	want := []node.Socket{
		{Net: ns, Protocol: "tcp", Address: "0.0.0.0", Port: 8080, Owners: []int{first.PID}},
		{Net: ns, Protocol: "tcp", Address: "::1", Port: 9090, Owners: []int{second.PID}},
		{Net: ns, Protocol: "udp", Address: "127.0.0.1", Port: 5353, Owners: in.Sockets[2].Owners},
	}
	if diff := cmp.Diff(want, in.Sockets); diff != "" {
		t.Errorf("sockets (-want +got):\n%s", diff)
	}
}

// Any process of the node may close a socket while find looks: that is no reason not to know the others.
func TestInsideForgetsASocketThatWasClosedMeanwhile(t *testing.T) {
	text := recorded(t, "inside.txt")
	closed := strings.Replace(text, "/proc/1/fd/12:socket:[3691289]\n", "/proc/1/fd/12:\n", 1)
	if closed == text {
		t.Fatal("the recorded answer has no such socket")
	}
	if diff := cmp.Diff(inside(t, text).Sockets, inside(t, closed).Sockets); diff != "" {
		t.Errorf("sockets (-without +with the closed one):\n%s", diff)
	}
}

// A socket that is connected does not listen, and an address of version 4 may hide in one of version 6.
func TestInsideTellsListeners(t *testing.T) {
	text := recorded(t, "inside.txt")
	connected := strings.Replace(text, "00000000:0000 0A ", "00000000:0000 01 ", 1)
	if got := inside(t, connected).Sockets; len(got) != 2 || got[0].Port != 9090 {
		t.Errorf("sockets %+v, want those but the connected one", got)
	}
	mapped := strings.Replace(text, "00000000000000000000000001000000:", "0000000000000000FFFF00000100007F:", 1)
	if got := inside(t, mapped).Sockets[1].Address; got != "127.0.0.1" {
		t.Errorf("address %q, want 127.0.0.1", got)
	}
}

func TestInsideReadsMounts(t *testing.T) {
	first, second := targets(t)
	in := inside(t, recorded(t, "inside.txt"))
	find := func(id, path string) node.Mount {
		t.Helper()
		at := slices.IndexFunc(in.Mounts[id], func(m node.Mount) bool { return m.Path == path })
		if at < 0 {
			t.Fatalf("container %s has no mount %q", id, path)
		}
		return in.Mounts[id][at]
	}
	shared, space, other := find(first.ID, "/shared"), find(first.ID, "/with space"), find(second.ID, "/shared")
	if shared.Device != space.Device || shared.Root != space.Root || shared.Device != other.Device || shared.Root != other.Root {
		t.Errorf("one volume at two paths and in two containers: %+v, %+v, %+v", shared, space, other)
	}
	if !strings.HasSuffix(shared.Root, "/volumes/kubernetes.io~empty-dir/shared") || shared.Type != "ext4" || !strings.HasPrefix(shared.Options, "rw,") {
		t.Errorf("the volume: %+v", shared)
	}
	if root := find(first.ID, "/"); root.Type != "overlay" || root.Root != "/" || root.Source != "overlay" {
		t.Errorf("the root: %+v", root)
	}
}

func TestInsideReadsIPC(t *testing.T) {
	first, second := targets(t)
	in := inside(t, recorded(t, "inside.txt"))
	objects := in.IPC[first.ID]
	if len(objects) != 3 || len(objects[2].PIDs) != 1 || objects[2].PIDs[0] < first.PID {
		t.Fatalf("objects %+v, want three, the last with a PID of the node's", objects)
	}
	want := []node.IPCObject{
		{Kind: "queue", Key: objects[0].Key, Perms: "600", PIDs: []int{}},
		{Kind: "semaphore", Key: objects[1].Key, Perms: "644", Count: 3},
		{Kind: "shm", Key: objects[2].Key, Perms: "644", Size: 4096, PIDs: objects[2].PIDs},
	}
	if diff := cmp.Diff(want, objects); diff != "" || !strings.HasPrefix(objects[1].Key, "0x") || len(objects[1].Key) != 10 {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(objects, in.IPC[second.ID]); diff != "" {
		t.Errorf("the containers share their IPC namespace, and see (-first +second):\n%s", diff)
	}
}

func TestInsideReadsLimitsOfVersion1(t *testing.T) {
	first, second := targets(t)
	in := inside(t, recorded(t, "inside.txt"))
	one, two := in.Cgroups[first.ID], in.Cgroups[second.ID]
	want := node.Limits{
		Path: one.Path, Version: 1, Memory: 64 << 20, CPUQuota: 25000, CPUPeriod: 100000, CPUWeight: 102, PIDs: one.PIDs,
	}
	if one != want || !strings.HasPrefix(one.Path, "/kubelet.slice/") || !strings.HasSuffix(one.Path, "/cri-containerd-"+first.ID+".scope") {
		t.Errorf("first: %+v", one)
	}
	if two.Memory != -1 || two.CPUQuota != -1 || two.CPUWeight != 2 || two.PIDs < 1 {
		t.Errorf("second: %+v", two)
	}
}

func TestInsideReadsLimitsOfVersion2(t *testing.T) {
	first, _ := targets(t)
	group := "/sys/fs/cgroup/kubelet.slice/kubepods.slice/kubepods-pod3ff36115_edee_4bc0_baee_44cda51831fb.slice/cri-containerd-" + first.ID + ".scope/"
	rows := ""
	for _, row := range []string{
		"memory.max:67108864", "memory.events:oom 3", "memory.events:oom_kill 2", "cpu.max:25000 100000", "cpu.weight:4", "pids.max:max",
	} {
		rows += group + row + "\n"
	}
	want := node.Limits{
		Path: strings.TrimSuffix(strings.TrimPrefix(group, "/sys/fs/cgroup"), "/"), Version: 2,
		Memory: 64 << 20, CPUQuota: 25000, CPUPeriod: 100000, CPUWeight: 4, PIDs: -1, OOMKills: 2,
	}
	if got := inside(t, replacePart(t, "limits", rows)).Cgroups[first.ID]; got != want {
		t.Errorf("limits (-want +got):\n%s", cmp.Diff(want, got))
	}
	unlimited := strings.Replace(rows, "25000 100000", "max 100000", 1)
	if got := inside(t, replacePart(t, "limits", unlimited)).Cgroups[first.ID]; got.CPUQuota != -1 || got.CPUPeriod != 100000 {
		t.Errorf("limits without a quota: %+v", got)
	}
	partial := strings.Replace(rows, "cpu.weight", "other.weight", 1)
	if got := inside(t, replacePart(t, "limits", partial)).Cgroups; len(got) != 0 {
		t.Errorf("limits %+v, want none of a container whose weight is not known", got)
	}
}

// replacePart returns the recorded answer with another body for the part.
func replacePart(t testing.TB, name, body string) string {
	t.Helper()
	text := recorded(t, "inside.txt")
	before, rest, ok := strings.Cut(text, "=== begin "+name+"\n")
	_, after, ok2 := strings.Cut(rest, "\n=== end "+name+" ")
	if !ok || !ok2 {
		t.Fatalf("the recorded answer has no part %s", name)
	}
	return before + "=== begin " + name + "\n" + body + "\n=== end " + name + " " + after
}

func TestInsideReadsCredentials(t *testing.T) {
	first, second := targets(t)
	in := inside(t, recorded(t, "inside.txt"))
	want := map[int]node.Credentials{
		first.PID:  {Groups: []int{0}, CapEff: 0xa80425fb},
		second.PID: {UID: 1000, GID: 2000, Groups: []int{2000}, NoNewPrivs: true},
	}
	if diff := cmp.Diff(want, in.Users); diff != "" {
		t.Errorf("credentials (-want +got):\n%s", diff)
	}
}

func TestInsideReadsBundles(t *testing.T) {
	first, second := targets(t)
	text := recorded(t, "inside.txt")
	in := inside(t, text)
	if !slices.Contains(in.Env[first.ID], "GREETING=hello = world") || slices.Contains(in.Env[second.ID], "GREETING=hello = world") {
		t.Errorf("environments %q", in.Env)
	}
	if want := (map[string]string{first.ID: "inside", second.ID: "inside"}); !cmp.Equal(want, in.Hostname) {
		t.Errorf("host names %q, want %q", in.Hostname, want)
	}
	// On the node's own network a sandbox has no host name.
	host := strings.Replace(text, `"hostname":"inside"`, `"hostname":""`, 1)
	if got := inside(t, host).Hostname[first.ID]; got != "dev-control-plane" || host == text {
		t.Errorf("host name %q, want the node's", got)
	}
}

func TestInsideRefuses(t *testing.T) {
	text := recorded(t, "inside.txt")
	first, second := targets(t)
	replace := func(from, to string) string {
		t.Helper()
		if !strings.Contains(text, from) {
			t.Fatalf("the recorded answer has no %q", from)
		}
		return strings.Replace(text, from, to, 1)
	}
	ended := fmt.Sprintf("container %.12s: its process %d has ended", second.ID, second.PID)
	second.ID = strings.Repeat("0", 64)
	tests := map[string]struct{ text, want string }{
		"nothing":             {"", "does not begin"},
		"broken off":          {text[:len(text)/2], "broken off"},
		"no nsenter":          {replace("=== end ipc 0 ", "=== end ipc 127 nsenter: not found"), "ipc ended with exit code 127: nsenter: not found"},
		"no find":             {replace("=== end open 0 ", "=== end open 127 find: not found"), "open ended with exit code 127"},
		"gone at the end":     {replace(fmt.Sprintf("/proc/%d/cgroup:", second.PID), "/proc/4194304/cgroup:"), ended},
		"another container's": {replacePart(t, "cgroup", fmt.Sprintf("/proc/%d/cgroup:9:name=systemd:/user.slice", first.PID)), "its process"},
		"a zombie":            {replace(fmt.Sprintf("/proc/%d/status:State:\tS", second.PID), fmt.Sprintf("/proc/%d/status:State:\tZ", second.PID)), ended},
		"a garbled socket":    {replace("00000000:1F90", "0000:1F90"), "is no address"},
		"a short socket":      {replacePart(t, "sockets", "/proc/1/net/tcp: 0: 0 0 0A"), "too short"},
		"a garbled mount":     {replace(" - overlay", " overlay"), "is no mount"},
		"no mounts":           {replacePart(t, "mounts", ""), "has none"},
		"a garbled queue":     {replace("/proc/sysvipc/msg: ", "/proc/sysvipc/msg: x"), "is not a number"},
		"another IPC file":    {replace("/proc/sysvipc/sem: ", "/proc/sysvipc/other: "), "of no file that was asked for"},
		"no IPC namespace":    {replacePart(t, "ipc", ""), "was not read"},
		"a garbled limit":     {replace("pids.max:", "pids.max:x"), "is not a number"},
		"no UID":              {replace("/status:Uid:", "/status:Other:"), "user"},
		"no bundle":           {replace(first.ID+"/config.json:", "other/config.json:"), "has none"},
		"a garbled bundle":    {replace(`config.json:{"`, `config.json:{`), "invalid character"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			first, second := targets(t)
			in, err := node.ParseInside("dev-control-plane", []node.Target{first, second}, []byte(test.text))
			if in != nil || err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "node dev-control-plane: ") {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
	if in, err := node.ParseInside("n", []node.Target{first, second}, []byte(text)); in != nil || err == nil {
		t.Error("another container's process is taken for the target's")
	}
}

func FuzzParseInside(f *testing.F) {
	text := recorded(f, "inside.txt")
	first, second := targets(f)
	f.Add([]byte(text))
	f.Add([]byte(text[:len(text)/2]))
	f.Fuzz(func(t *testing.T, text []byte) {
		in, err := node.ParseInside("n", []node.Target{first, second}, text)
		if (in == nil) == (err == nil) {
			t.Fatalf("ParseInside = %v, %v; want one of the two", in, err)
		}
		if err == nil && (len(in.Users) != 2 || len(in.Mounts[first.ID]) == 0 || len(in.Env) != 2) {
			t.Errorf("a target is missing: %+v", in)
		}
	})
}
