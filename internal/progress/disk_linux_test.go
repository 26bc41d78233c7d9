package progress

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestFullDisk fills a real, tiny file system.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=8k"); err != nil {
		t.Skipf("a full disk needs a file system of its own, and mounting one was refused: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	s := open(t, dir)
	must(t, s.Done("c", "duo", "one"))
	before, err := os.ReadFile(s.Path())
	must(t, err)

	err = s.Visit("c", "duo", strings.Repeat("long", 4096))
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), s.Path()+" is unchanged") {
		t.Errorf("got %v, want no space left and the file named as unchanged", err)
	}
	after, err := os.ReadFile(s.Path())
	must(t, err)
	if diff := cmp.Diff(string(before), string(after)); diff != "" {
		t.Errorf("the old file changed (-before +after)\n%s", diff)
	}
	entries, err := os.ReadDir(dir)
	must(t, err)
	if len(entries) != 2 {
		t.Errorf("left behind: %v, want the file and the lock", entries)
	}
	must(t, s.Visit("c", "duo", "two")) // a change that fits still goes through
}
