package shape_test

import (
	"strings"
	"testing"

	"github.com/podlab/podlab/internal/shape"
)

// Each group are lines of one shape, from two runs of one command; no two groups have one shape.
func groups() [][]string {
	return [][]string{
		{"NAME      READY   STATUS    RESTARTS   AGE", "NAME READY STATUS  RESTARTS     AGE"},
		{"demoduo   2/2     Running   0          1s", "demoduo   2/2     Running   1 (3s ago)   2m15s", "demoduo 2/2 Running 12 3h"},
		{"demoduo   1/2     Running   0          1s"},
		{"demoduo   2/2     Error   0          1s"},
		{"web-5d4f8c7b9d-x2x4z 1/1 Running 0 3s", "web-66b6c48dd5-9zzpq 1/1 Running 0 12s", "web-7bdcf9445-mmmmm 1/1 Running 0 12s"},
		{"web-x2x4z 1/1 Running 0 3s", "web-99999 1/1 Running 0 3s"},
		{"web-proxy 1/1 Running 0 3s"},
		{"4026532516 net       3 10602 /pause", "4026531999 net       12 9 /pause"},
		{"4026532516 uts       3 10602 /pause"},
		{"    PID    PPID COMMAND", "PID PPID COMMAND"},
		{"  10576       1 php -S 127.0.0.1:9201", "9 1 php -S 127.0.0.1:80"},
		{"  10576       1 php -S 0.0.0.0:9201"},
		{"10.244.0.5:8080 is up", "10.96.117.3:80 is up"},
		{"127.0.0.1:8080 is up"},
		{"fd00:10:244::5 is up", "fe80::1 is up", "2001:db8:0:0:0:0:0:1 is up"},
		{"7e:1b:44:00:aa:0f link", "02:42:ac:11:00:02 link"},
		{"[Sat Nov 21 07:48:55 2026] Failed", "[Mon Jan  5 17:08:01 2027] Failed"},
		{"2026-11-21T07:48:55Z ready", "2026-11-21T17:48:55.123456789+01:00 ready", "2026-11-22 07:48:55 ready"},
		{`10.244.0.1 - - [21/Nov/2026:07:48:55 +0000] "GET / HTTP/1.1" 200 612`, `10.244.0.9 - - [02/Dec/2026:17:48:55 +0000] "GET / HTTP/1.1" 200 61`},
		{"Date: Sat, 21 Nov 2026 07:48:55 GMT", "Date: Tue, 01 Dec 2026 17:48:55 GMT"},
		{"-rw-r--r-- 1 root root  5 Nov 21 07:48 note.txt", "-rw-r--r-- 1 root root 4096 Dec  1 17:48 note.txt"},
		{"-rwxr-xr-x 1 root root  5 Nov 21 07:48 note.txt"},
		{"root 0:00 /pause", "root 12:34 /pause", "root 00:00:01 /pause"},
		{"containerd://5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef", "containerd://0000000000000000000000000000000000000000000000000000000000000000"},
		{"key 0x0000002a", "key 0x1"},
		{"uid 3f2c1a4e-0b7d-4c7e-9a51-2f6f0d9c1b22", "uid 00000000-0000-0000-0000-000000000000"},
		{"kubelet-kubepods-besteffort-pod92c95b4e_f9b1_40eb_a090_3e79bbbe98d9.slice", "kubelet-kubepods-besteffort-podea68adce_cd46_4304_a29b_0265503681d7.slice"},
		{"eth0@if937 UP 10.244.0.2/16", "eth0@if9 UP 10.244.0.14/16"},
		{"on podlab-control-plane in podlab-duo", "on dev-control-plane in podlab-verify-duo"},
		{"size 4.0K", "size 512", "size 1,024", "size 12Mi"},
		{"usage 3%", "usage 97%"},
		{"Produced: 3f", "Produced: 3f"},
		{"------ Message Queues --------", "--- Message Queues ----------"},
		{"web NodePort 10.96.1.2 <none> 80:30080/TCP 5s", "web NodePort 10.96.200.1 <none> 80:31999/TCP 1m"},
		{"php8.2-cli", "php8.2-cli"},
		{"php8.4-cli"},
		{"kubelet v1.37.0", "kubelet v1.37.0"},
		{"kubelet v1.36.2"},
		{"HTTP/1.1 200 OK"},
		{"HTTP/1.1 404 OK"},
		{"\"GET / HTTP/1.1\" 200 31", "\"GET / HTTP/1.1\" 200 612"},
		{"\"GET / HTTP/1.1\" 502 31"},
		{"command terminated with exit code 1"},
		{"command terminated with exit code 137"},
		{"logpair_podlab-verify-log-reader(#)", "logpair_podlab-log-reader(#)"},
		{"queue-worker 1/1 Running"},
		{"log-worker 1/1 Running"},
		{"nginx: worker process"},
	}
}

func TestOneShapeFromRunToRun(t *testing.T) {
	seen := map[string]string{}
	for _, group := range groups() {
		first := shape.Of(group[0])
		if other, taken := seen[first]; taken {
			t.Errorf("%q and %q have one shape, %q", group[0], other, first)
		}
		seen[first] = group[0]
		for _, line := range group[1:] {
			if got := shape.Of(line); got != first {
				t.Errorf("%q is\n%q, and\n%q is\n%q", group[0], first, line, got)
			}
		}
	}
}

func TestCompare(t *testing.T) {
	const table = "NAME  READY\nweb   2/2\n"
	for name, tc := range map[string]struct {
		want, got string
		differ    bool
		where     shape.Difference
	}{
		"the same":                     {want: table, got: table},
		"other widths and blank ends":  {want: table, got: "\nNAME        READY  \n\nweb         2/2\n\n\n"},
		"another line":                 {want: table, got: "NAME  READY\nweb   1/2\n", differ: true, where: shape.Difference{Line: 2, Want: "web   2/2", Got: "web   1/2"}},
		"a line is missing":            {want: table, got: "NAME  READY\n", differ: true, where: shape.Difference{Line: 2, Want: "web   2/2"}},
		"nothing was printed":          {want: table, got: "", differ: true, where: shape.Difference{Line: 1, Want: "NAME  READY"}},
		"a line too many":              {want: table, got: table + "\nproxy 1/1\n", differ: true, where: shape.Difference{Line: 3, Got: "proxy 1/1"}},
		"nothing is shown":             {want: "", got: "a\n", differ: true, where: shape.Difference{Line: 1, Got: "a"}},
		"several stand for any number": {want: "Produced: 1\nProduced: 2\ndone\n", got: "Produced: 7\nProduced: 8\nProduced: 9\ndone\n"},
		"but not for none":             {want: "Produced: 1\nProduced: 2\ndone\n", got: "done\n", differ: true, where: shape.Difference{Line: 1, Want: "Produced: 1", Got: "done"}},
		"several may be one":           {want: "Produced: 1\nProduced: 2\ndone\n", got: "Produced: 7\ndone\n"},
		"one stands for one":           {want: "Produced: 1\ndone\n", got: "Produced: 7\nProduced: 8\ndone\n", differ: true, where: shape.Difference{Line: 1, Want: "done", Got: "Produced: 8"}},
		"the order counts":             {want: "a\nb\n", got: "b\na\n", differ: true, where: shape.Difference{Line: 1, Want: "a", Got: "b"}},
		"blank lines keep the place":   {want: "a\n\nb\n", got: "a\nc\n", differ: true, where: shape.Difference{Line: 3, Want: "b", Got: "c"}},
	} {
		d, differ := shape.Compare(tc.want, tc.got, "")
		if differ != tc.differ || d != tc.where {
			t.Errorf("%s: %t %+v, want %t %+v", name, differ, d, tc.differ, tc.where)
		}
	}
}

// A worker's name is an accident only where it is one.
func TestCompareKnowsTheNode(t *testing.T) {
	for node, want := range map[string]bool{"lab-worker": false, "lab-control-plane": true} {
		if _, differ := shape.Compare("on podlab-control-plane", "on lab-worker", node); differ != want {
			t.Errorf("on %s: %t, want %t", node, differ, want)
		}
	}
}

// Whatever was printed has its own shape, and a line that is not there is missed.
func FuzzCompare(f *testing.F) {
	for _, group := range groups() {
		f.Add(strings.Join(group, "\n"))
	}
	f.Fuzz(func(t *testing.T, text string) {
		if d, differ := shape.Compare(text, text, ""); differ {
			t.Errorf("an output differs from itself: %+v", d)
		}
		const more = "and one line that nobody would print"
		if _, differ := shape.Compare(text, text+"\n"+more, ""); !differ && !strings.Contains(text, more) {
			t.Errorf("one line more makes no difference to %q", text)
		}
		if _, differ := shape.Compare(text+"\n"+more, text, ""); !differ && !strings.Contains(text, more) {
			t.Errorf("one line less makes no difference to %q", text)
		}
	})
}
