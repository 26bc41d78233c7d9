package node_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/podlab/podlab/internal/node"
)

// What was recorded: the node's own pods with their sandboxes, and a container whose process ended under the look's hands.
func TestTasks(t *testing.T) {
	text := recorded(t, "tasks.txt")
	tasks, err := node.ParseTasks("n", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	id := "f1c6e60ee73fefdc2292aecc709cb7e2cfd2191bbfeb8fe51c5ba114ef82a49e"
	if got, want := tasks[id], (node.Task{PID: 1009, PodUID: "75895df3-fc8f-48a6-b60b-3034f3a6bb11", Age: 6133190 * time.Millisecond}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if noted := strings.Count(text, "/init.pid:"); len(tasks) != noted || noted < 16 {
		t.Errorf("%d containers run, of %d that containerd notes", len(tasks), noted)
	}
	// Each change takes that one container away, and no other.
	others := maps.Clone(tasks)
	delete(others, id)
	stat := "/proc/1009/stat:1009 ("
	at := strings.Index(text, stat)
	row, _, _ := strings.Cut(text[at:], "\n")
	state := strings.LastIndex(row, ") ") + 2
	for name, changed := range map[string]string{
		"no process":          strings.Replace(text, row, "", 1),
		"a zombie":            strings.Replace(text, row, row[:state]+"Z"+row[state+1:], 1),
		"no cgroup":           strings.Replace(text, "/proc/1009/cgroup:", "/proc/1010/cgroup:", 1),
		"another container's": strings.Replace(text, "cri-containerd-"+id, "cri-containerd-"+strings.Repeat("0", 64), 1),
	} {
		got, err := node.ParseTasks("n", []byte(changed))
		if diff := cmp.Diff(others, got); err != nil || diff != "" || changed == text {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
	for want, changed := range map[string]string{
		"not a number of seconds":     strings.Replace(text, "17878.23", "a while", 1),
		"the start":                   strings.Replace(text, " 1174504 ", " soon ", 1),
		"broken off in stat":          text[:at+40],
		"does not begin":              "no such file",
		"init.pid files":              strings.Replace(text, "/init.pid:1009", "/init.pid:", 1),
		"has no start":                strings.Replace(text, row, stat+"x) S 1", 1),
		"ended with exit code 127":    strings.Replace(text, "=== end cgroup 0", "=== end cgroup 127", 1),
		"does not name a process":     strings.Replace(text, "/proc/1009/cgroup", "/proc/x/cgroup", 1),
		`does not end with "=== done`: strings.Replace(text, "=== done", "", 1),
	} {
		if got, err := node.ParseTasks("n", []byte(changed)); got != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %d tasks, %v", want, len(got), err)
		}
	}
}

// A snapshot of the same moment says the same.
func TestFirsts(t *testing.T) {
	s, err := node.Parse("n", []byte(output(t)))
	if err != nil {
		t.Fatal(err)
	}
	firsts := s.Firsts()
	if len(firsts) == 0 || len(firsts) != len(s.Tasks) {
		t.Fatalf("%d of %d", len(firsts), len(s.Tasks))
	}
	for id, first := range firsts {
		if p := s.Pod(first.PodUID).Containers[id]; p.PID != first.PID || p.PID != s.Tasks[id] {
			t.Errorf("container %.12s: %+v, %+v", id, first, p)
		}
	}
}

func FuzzParseTasks(f *testing.F) {
	text := recorded(f, "tasks.txt")
	f.Add([]byte(text))
	f.Add([]byte(text[:len(text)/2]))
	f.Add([]byte("=== podlab tasks 2\n=== begin uptime\n9.5 1.0\n\n=== end uptime 0 \n=== begin tasks\n/a/b/init.pid:7\n\n=== end tasks 0 \n=== begin stat\n/proc/7/stat:7 (a) S\n\n=== end stat 2 \n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		tasks, err := node.ParseTasks("n", text)
		if (tasks == nil) == (err == nil) {
			t.Fatalf("ParseTasks = %v, %v; want one of the two", tasks, err)
		}
		for id, task := range tasks {
			if task.PID < 1 || task.PodUID == "" || len(id) != 64 {
				t.Errorf("task %q: %+v", id, task)
			}
		}
	})
}
