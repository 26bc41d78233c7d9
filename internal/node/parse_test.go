package node_test

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/podlab/podlab/internal/node"
)

// output is what Script printed on a real node with the pods of internal/checks/checkstest/testdata/pods.yaml.
func output(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("testdata/dev-control-plane.txt")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func parse(t testing.TB, text string) *node.Snapshot {
	t.Helper()
	s, err := node.Parse("dev-control-plane", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestParseReadsEveryColumn(t *testing.T) {
	s := parse(t, output(t))
	php := find(t, s, "php -S 127.0.0.1:9083")
	shim, ok := s.Process(php.PPID)
	if !ok || shim.Program() != "containerd-shim-runc-v2" || shim.PPID != 1 || shim.PodUID != "" {
		t.Errorf("parent of php: %+v", shim)
	}
	if php.UID != 0 || php.Program() != "php" || php.InnermostPID() != 1 || len(php.NSPID) != 2 || php.NSPID[0] != php.PID {
		t.Errorf("php: %+v", php)
	}
	if len(php.PodUID) != 36 || s.Tasks[php.ContainerID] != php.PID {
		t.Errorf("php is not tied to its container: pod %q, container %q, task %d", php.PodUID, php.ContainerID, s.Tasks[php.ContainerID])
	}
	for _, ns := range node.Types() {
		row, ok := s.Namespace(ns, php.Namespaces[ns])
		if !ok {
			t.Errorf("lsns has no row for php's %s namespace %d", ns, php.Namespaces[ns])
		}
		if ns == node.Net && row.NProcs != 4 {
			t.Errorf("lsns counts %d in the trio's net namespace, want 4", row.NProcs)
		}
	}
}

// find returns the only process with the command line.
func find(t testing.TB, s *node.Snapshot, args string) node.Process {
	t.Helper()
	var found []node.Process
	for _, p := range s.Processes {
		if p.Args == args {
			found = append(found, p)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d processes %q, want 1", len(found), args)
	}
	return found[0]
}

func TestParseAgreesWithLsns(t *testing.T) {
	s := parse(t, output(t))
	for _, row := range s.Namespaces {
		if row.Type == "time" || row.Inode == find(t, s, "/sbin/init").Namespaces[row.Type] {
			continue // the node's own namespaces hold what the look itself started
		}
		if n := len(s.Members(row.Type, row.Inode)); n != row.NProcs {
			t.Errorf("%s namespace %d: ps shows %d processes, lsns %d", row.Type, row.Inode, n, row.NProcs)
		}
	}
}

// The recorded node is on cgroup v1 with systemd. The same node on other hosts differs in the paths alone.
func TestParseCgroupPaths(t *testing.T) {
	recorded := output(t)
	want := parse(t, recorded)
	systemd := regexp.MustCompile(`:9:name=systemd:.*-pod([0-9a-f_]+)\.slice/cri-containerd-([0-9a-f]{64})\.scope`)
	if n := len(systemd.FindAllString(recorded, -1)); n < 30 {
		t.Fatalf("%d recorded paths, want more", n)
	}
	forms := map[string]string{
		"cgroup v2":                    "0::/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod$1.slice/cri-containerd-$2.scope",
		"cgroup v2, a cgroup below":    "0::/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod$1.slice/cri-containerd-$2.scope/init.scope",
		"cgroup v1, the node's own ID": "4:memory:/docker/" + strings.Repeat("ab", 32) + "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod$1.slice/cri-containerd-$2.scope",
		"cgroupfs":                     "0::/kubelet/kubepods/burstable/pod$1/$2",
		"cgroupfs, guaranteed":         "0::/kubepods/pod$1/$2",
		"mixed":                        "0::/system.slice/containerd.service/kubepods-besteffort-pod$1.slice:cri-containerd:$2",
	}
	for name, form := range forms {
		t.Run(name, func(t *testing.T) {
			changed := systemd.ReplaceAllStringFunc(recorded, func(path string) string {
				match := systemd.FindStringSubmatch(path)
				uid := match[1]
				if strings.Contains(name, "cgroupfs") {
					uid = strings.ReplaceAll(uid, "_", "-")
				}
				return ":" + strings.NewReplacer("$1", uid, "$2", match[2]).Replace(form)
			})
			if changed == recorded {
				t.Fatal("nothing was changed")
			}
			if diff := cmp.Diff(want, parse(t, changed)); diff != "" {
				t.Errorf("another snapshot (-v1 +%s):\n%s", name, diff)
			}
		})
	}
}

func TestParseLeavesOutWhatEnded(t *testing.T) {
	recorded := output(t)
	php := find(t, parse(t, recorded), "php -S 127.0.0.1:9083")
	gone := regexp.MustCompile(`(?m)^/proc/`+strconv.Itoa(php.PID)+`/.*\n`).ReplaceAllString(recorded, "")
	gone = strings.Replace(gone, "=== end status 0", "=== end status 2", 1)
	if _, ok := parse(t, gone).Process(php.PID); ok {
		t.Error("a process whose status was gone is in the snapshot")
	}
}

// A process whose stat file was gone, or whose status broke off, ended meanwhile too.
func TestParseNeedsTheWholeProcess(t *testing.T) {
	recorded := output(t)
	php := find(t, parse(t, recorded), "php -S 127.0.0.1:9083")
	for _, file := range []string{"stat:", "status:NSpid"} {
		gone := regexp.MustCompile(`(?m)^/proc/`+strconv.Itoa(php.PID)+`/`+file+`.*\n`).ReplaceAllString(recorded, "")
		if _, ok := parse(t, gone).Process(php.PID); ok || gone == recorded {
			t.Errorf("a process without %s is in the snapshot", file)
		}
	}
}

func TestParseReadsTheStart(t *testing.T) {
	recorded := output(t)
	s := parse(t, recorded)
	php := find(t, s, "php -S 127.0.0.1:9083")
	shim, _ := s.Process(php.PPID)
	if php.Start <= shim.Start || php.Start > shim.Start+60*100 {
		t.Errorf("php started at %d, its shim at %d", php.Start, shim.Start)
	}
	// A program can give itself any name.
	prefix := "/proc/" + strconv.Itoa(php.PID) + "/stat:"
	named := strings.Replace(recorded, prefix, prefix+strconv.Itoa(php.PID)+" (a) S 1\n"+prefix, 1)
	if got := find(t, parse(t, named), php.Args); got.Start != php.Start {
		t.Errorf("start %d, want %d", got.Start, php.Start)
	}
}

// containerd's note of a container outlives its first process for a moment, and the PID may go to another process.
func TestTasksRun(t *testing.T) {
	recorded := output(t)
	s := parse(t, recorded)
	php, other := find(t, s, "php -S 127.0.0.1:9083"), find(t, s, "sh -c sleep 1000000 & php -S 127.0.0.1:9081")
	note := "/" + php.ContainerID + "/init.pid:"
	for name, pid := range map[string]int{
		"nobody's": 4194304, "another container's": other.PID, "outside pods": 1, "a zombie's": find(t, s, "[sleep] <defunct>").PID,
	} {
		changed := strings.Replace(recorded, note+strconv.Itoa(php.PID), note+strconv.Itoa(pid), 1)
		if got, ok := parse(t, changed).Tasks[php.ContainerID]; ok || changed == recorded {
			t.Errorf("%s PID %d counts as the container's first process", name, got)
		}
	}
	none := regexp.MustCompile(`(?m)^.*/init\.pid:.*\n`).ReplaceAllString(recorded, "")
	if got := parse(t, strings.Replace(none, "=== end tasks 0", "=== end tasks 2", 1)).Tasks; len(got) != 0 {
		t.Errorf("tasks %v, want none", got)
	}
}

func TestParseRefuses(t *testing.T) {
	recorded := output(t)
	replace := func(from, to string) string {
		t.Helper()
		if !strings.Contains(recorded, from) {
			t.Fatalf("the recorded output has no %q", from)
		}
		return strings.Replace(recorded, from, to, 1)
	}
	cut := func(before string) string { return recorded[:strings.LastIndex(recorded, before)] }
	tests := map[string]struct{ output, want string }{
		"nothing":            {"", "does not begin"},
		"something else":     {"Error: No such container: dev-control-plane\n", "does not begin"},
		"cut in ps":          {cut("=== end ps"), "broken off in ps"},
		"cut before status":  {cut("=== begin status"), "broken off before status"},
		"cut in lsns":        {cut("=== end lsns"), "broken off in lsns"},
		"cut in tasks":       {cut("=== end tasks"), "broken off in tasks"},
		"cut after tasks":    {cut("=== done"), `does not end with "=== done"`},
		"more after the end": {recorded + "more\n", `does not end with "=== done"`},
		"no lsns":            {replace("=== end lsns 0 ", "=== end lsns 127 sh: 1: lsns: not found"), "lsns ended with exit code 127: sh: 1: lsns: not found"},
		"no grep for tasks":  {replace("=== end tasks 0 ", "=== end tasks 127 sh: 1: grep: not found"), "tasks ended with exit code 127: sh: 1: grep: not found"},
		"no grep":            {replace("=== end status 0 ", "=== end status 127 "), "status ended with exit code 127"},
		"no exit code":       {replace("=== end ps 0 ", "=== end ps zero "), "no exit code"},
		"another ps":         {replace("CGROUPNS", "CGROUP"), "ps: the header is not"},
		"a row without PID":  {replace("      1       0 S ", "      x       0 S "), `"x" is not a number`},
		"a garbled inode":    {replace(" 0 S     0 40", " 0 S     0 4x"), "is not a number"},
		"not root":           {regexp.MustCompile(`(?m)^( +1 +0 S +0).*( /sbin/init)$`).ReplaceAllString(recorded, "$1 - - - - - - -$2"), "no namespaces of PID 1"},
		"a garbled NSpid":    {replace("/proc/1/status:NSpid:\t1", "/proc/1/status:NSpid:\tone"), `process 1: "one" is no list of PIDs`},
		"no name":            {replace("/proc/1/status:Name:\tsystemd\n", ""), `process 1: "NSpid:\t1" is not the row that is expected`},
		"another line":       {replace("/proc/1/status:Name:\t", "/proc/1/status:Umask:\t"), `process 1: "Umask:\tsystemd" is not the row that is expected`},
		"a garbled cgroup":   {replace("=== begin cgroup\n/proc/", "=== begin cgroup\n/prick/"), "does not name a process"},
		"no JSON":            {replace(`"namespaces": [`, `"namespaces" [`), "lsns: invalid character"},
		"no namespaces":      {replace(`"namespaces": [`, `"other": [`), "lsns: no namespaces at all"},
		"a short stat":       {replace("/proc/1/stat:1 (systemd) S 0 1 1 0", "/proc/1/stat:1 (systemd) S\n/proc/1/stat:0"), "process 1 has no start"},
		"a garbled task":     {replace("/init.pid:", "/init.pid:x"), "does not name a process"},
		"another task file":  {replace("/init.pid:", "/other.pid:"), "does not name a process"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s, err := node.Parse("dev-control-plane", []byte(test.output))
			if err == nil || s != nil {
				t.Fatalf("Parse = %t, %v; want an error alone", s != nil, err)
			}
			if !strings.HasPrefix(err.Error(), "look at node dev-control-plane: ") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %q, want %q in it", err, test.want)
			}
		})
	}
}

// A cut anywhere but at the very end must be noticed.
func TestParseNoticesEveryTruncation(t *testing.T) {
	recorded := output(t)
	for at := 0; at < len(recorded)-1; at += 97 {
		if _, err := node.Parse("n", []byte(recorded[:at])); err == nil {
			t.Fatalf("output cut at %d of %d bytes was accepted", at, len(recorded))
		}
	}
}

// The script on a node that lacks a tool, as record.sh recorded it: the error names the part and says why.
func TestScriptTellsFailuresApart(t *testing.T) {
	out, err := os.ReadFile("testdata/no-lsns.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, err = node.Parse("here", out)
	if err == nil || !strings.Contains(err.Error(), "lsns ended with exit code 127: ") || !strings.Contains(err.Error(), "not found") {
		t.Errorf("error %v, want one that says that lsns is not found", err)
	}
}

// A program may write a title over its command line, and the kernel cuts its name: Program sees through both.
func TestProgram(t *testing.T) {
	s := parse(t, output(t))
	tests := []struct{ args, comm, program, base string }{
		{"php -S 127.0.0.1:9083", "php", "php", "php"},
		{"php: master process (/etc/php.ini)", "php", "php", "php:"},
		{"-bash -c sleep 1000000; true", "bash", "bash", "-bash"},
		{"/sbin/init", "systemd", "systemd", "init"},
		{"[sleep] <defunct>", "sleep", "sleep", "[sleep]"},
	}
	for _, test := range tests {
		p := find(t, s, test.args)
		if p.Comm != test.comm || p.Program() != test.program || p.Base() != test.base {
			t.Errorf("%s: comm %q, program %q, base %q; want %q, %q, %q", test.args, p.Comm, p.Program(), p.Base(), test.comm, test.program, test.base)
		}
		if !p.Runs(test.program) || !p.Runs(test.base) || p.Runs("") || p.Runs("other") {
			t.Errorf("%s: Runs takes it for the wrong program", test.args)
		}
	}
	shim, _ := s.Process(find(t, s, "php -S 127.0.0.1:9083").PPID)
	if shim.Comm != "containerd-shim" || shim.Program() != "containerd-shim-runc-v2" {
		t.Errorf("shim: comm %q, program %q", shim.Comm, shim.Program())
	}
	shim.Args = "other: title"
	if shim.Program() != "containerd-shim" {
		t.Errorf("a cut name that the command line does not continue became %q", shim.Program())
	}
}

func FuzzParse(f *testing.F) {
	recorded := output(f)
	f.Add([]byte(recorded))
	f.Add([]byte(recorded[:len(recorded)/2]))
	f.Add([]byte("=== podlab snapshot 1\n=== begin ps\n\n=== end ps 0 \n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := node.Parse("n", text)
		if (s == nil) == (err == nil) {
			t.Fatalf("Parse = %v, %v; want one of the two", s, err)
		}
		if err != nil {
			return
		}
		if _, ok := s.Process(1); !ok {
			t.Error("a snapshot without PID 1")
		}
		for _, p := range s.Processes {
			pod := s.Pod(p.PodUID)
			if p.PodUID != "" && len(pod.Own)+len(pod.Visitors) == 0 {
				t.Errorf("process %d is of pod %s, which has none", p.PID, p.PodUID)
			}
		}
	})
}
