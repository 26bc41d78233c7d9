//go:build bench

package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/runner"
)

// printCourse walks every lab once, each with its reset, while nothing else runs.
func (b *bench) printCourse() {
	b.podlab("course", "up")
	fmt.Fprintln(os.Stderr, "… course: podlab verify --json")
	out, err := exec.Command(b.lab, "--name", benchCluster, "verify", "--json").Output()
	var o runner.Outcome
	if bad := json.Unmarshal(out, &o); bad != nil || err != nil {
		b.t.Errorf("podlab verify: %v, %v", err, bad)
	}
	fmt.Printf("walk each lab of the course, and put it back (once)\n")
	fmt.Printf("  %-20s %10s %10s\n", "lab", "verified", "reset")
	for _, lab := range o.Labs {
		reset := "-"
		if lab.Reset != nil && lab.Reset.Verdict == checks.Pass {
			reset = fmt.Sprintf("%.2f s", lab.Reset.Seconds)
		}
		fmt.Printf("  %-20s %8.1f s %10s\n", lab.ID, lab.Seconds, reset)
	}
	fmt.Printf("  %-20s %8.1f s\n", "all", o.Seconds)
}
