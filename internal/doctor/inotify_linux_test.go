package doctor

import (
	"os"
	"syscall"
	"testing"
)

func TestInotifyInstancesAreCounted(t *testing.T) {
	before := inotifyOf("/proc/self/fd")
	fd, err := syscall.InotifyInit1(syscall.IN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Close(fd) }()
	if got := inotifyOf("/proc/self/fd"); got != before+1 {
		t.Errorf("%d instances after one was opened, %d before", got, before)
	}
	n, known := rootInotify()
	if root := os.Geteuid() == 0; known != root || root && n == 0 {
		t.Errorf("root's instances: %d, known %v, though this process is root: %v", n, known, root)
	}
}
