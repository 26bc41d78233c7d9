package node

import (
	"os"
	"strings"
	"testing"
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
	for uid, text := range usage {
		if len(uid) < 32 || !strings.Contains(text, "cpuacct.usage:") || strings.Contains(uid, "_") {
			t.Errorf("pod %q: %q", uid, text)
		}
		if some := usage.Of([]string{uid, "nobody"}); len(some) != 1 || some[uid] != text {
			t.Errorf("of pod %s alone: %v", uid, some)
		}
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
	if want := dir + "/cpu.stat:usage_usec 1234\n" + dir + "/cpu.stat:user_usec 1000\n"; err != nil || usage["bd77ae70-5f3f-4d54-9d39-1b2a3c4d5e6f"] != want {
		t.Errorf("%v, %v", usage, err)
	}
}
