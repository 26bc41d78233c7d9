package node

import (
	"os"
	"strings"
	"testing"
	"time"
)

func TestParseUsage(t *testing.T) {
	output, err := os.ReadFile("testdata/usage.txt")
	if err != nil {
		t.Fatal(err)
	}
	usage, err := ParseUsage("n", output)
	if err != nil || len(usage) < 3 {
		t.Fatalf("%v, %v", usage, err)
	}
	for uid, had := range usage {
		if len(uid) < 32 || strings.Contains(uid, "_") || had < time.Millisecond {
			t.Errorf("pod %q: %s", uid, had)
		}
	}
	if had := usage["e917fa1c-c918-4172-81e2-bea71465dff6"]; had != 4831812769 {
		t.Errorf("the pod's own cgroup counts all of it: %d", had)
	}
	for name, broken := range map[string]string{
		"cut":        string(output[:len(output)/2]),
		"no pod":     "=== podlab usage 1\n=== begin usage\n\n=== end usage 0 \n=== done\n",
		"no value":   "=== podlab usage 1\n=== begin usage\nkubepods\n=== end usage 0 \n=== done\n",
		"other kind": strings.Replace(string(output), "usage 1", "inside 1", 1),
	} {
		if usage, err := ParseUsage("n", []byte(broken)); err == nil {
			t.Errorf("%s: %v", name, usage)
		}
	}
}

// Version 2 of cgroups says the same in another file.
func TestParseUsageOfVersion2(t *testing.T) {
	const dir = "/sys/fs/cgroup/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-podbd77ae70_5f3f_4d54_9d39_1b2a3c4d5e6f.slice"
	output := "=== podlab usage 1\n=== begin usage\n" + dir + "/cpu.stat:usage_usec 1234\n" + dir + "/cpu.stat:user_usec 1000\n\n=== end usage 0 \n=== done\n"
	usage, err := ParseUsage("n", []byte(output))
	if err != nil || usage["bd77ae70-5f3f-4d54-9d39-1b2a3c4d5e6f"] != 1234*time.Microsecond {
		t.Errorf("%v, %v", usage, err)
	}
}

func TestQuiet(t *testing.T) {
	before := Usage{"a": time.Second, "b": time.Second}
	for _, test := range []struct {
		now  Usage
		want bool
	}{
		{Usage{"a": time.Second, "b": 2 * time.Second}, true}, // b is not asked about
		{Usage{"a": time.Second + 44*time.Microsecond}, true},
		{Usage{"a": time.Second + 5*time.Millisecond}, false},
		{Usage{"b": time.Second}, false},
	} {
		if got := before.Quiet(test.now, []string{"a"}); got != test.want {
			t.Errorf("%v: %v", test.now, got)
		}
	}
	if !before.Quiet(before, nil) || (Usage{}).Quiet(before, []string{"a"}) {
		t.Error("a pod that was not there before is not quiet")
	}
}
