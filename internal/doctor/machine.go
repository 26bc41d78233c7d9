package doctor

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
)

// What one node with the labs needs. Memory and disk as measured, with room to spare.
const (
	minMemory    = 2 * gib
	minDisk      = 4 * gib
	minStateDisk = 64 << 20
	minCPUs      = 2
)

func (e exam) processors(context.Context) finding {
	if e.infoErr != nil {
		return silent()
	}
	if e.info.NCPU < minCPUs {
		return problem("give Docker 2 processors or more", "Docker has %d; the control plane alone asks for nearly one", e.info.NCPU)
	}
	return ok("%d", e.info.NCPU)
}

func (e exam) memory(context.Context) finding {
	if e.infoErr != nil {
		return silent()
	}
	total, fix := uint64(max(e.info.MemTotal, 0)), "end other programs, or give Docker more memory: one node needs 2 GiB"
	if total < minMemory {
		return problem(fix, "Docker has %s in all", size(total))
	}
	if !e.onThisMachine() {
		return ok("Docker has %s in all; how much of it is free cannot be seen from here", size(total))
	}
	free, err := e.availableMemory()
	if err != nil {
		return cannotTell("see that free -h tells 2 GiB or more as available", "%v", err)
	}
	if free < minMemory {
		return problem(fix, "%s free of %s", size(free), size(total))
	}
	return ok("%s free of %s", size(free), size(total))
}

// availableMemory is what Linux could give to new programs, in bytes.
func (e exam) availableMemory() (uint64, error) {
	text, err := e.Host.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, err
	}
	lines := bufio.NewScanner(strings.NewReader(string(text)))
	for lines.Scan() {
		var kib uint64
		if n, _ := fmt.Sscanf(lines.Text(), "MemAvailable: %d kB", &kib); n == 1 {
			return kib << 10, nil
		}
	}
	return 0, errors.New("/proc/meminfo does not tell the available memory")
}

func (e exam) dockerDisk(context.Context) finding {
	if e.infoErr != nil {
		return silent()
	}
	if !e.onThisMachine() {
		return cannotTell("see that Docker's disk has 4 GiB free: docker system df", "Docker's files are not on this machine")
	}
	return e.disk(e.info.DockerRootDir, minDisk, "make room: docker system df shows what Docker holds, docker builder prune empties its cache")
}

func (e exam) stateDisk(context.Context) finding {
	dir := e.existing(e.StateDir)
	return e.disk(dir, minStateDisk, "make room on the disk of "+dir)
}

func (e exam) disk(dir string, need uint64, fix string) finding {
	free, err := e.Host.FreeDisk(dir)
	switch {
	case err != nil:
		return cannotTell(fmt.Sprintf("see that the disk of %s has %s free", dir, size(need)), "free space at %s: %v", dir, err)
	case free < need:
		return problem(fix, "%s free at %s, %s needed", size(free), dir, size(need))
	}
	return ok("%s free at %s", size(free), dir)
}

// existing returns dir, or the nearest folder above it that exists.
func (e exam) existing(dir string) string {
	for {
		if _, err := e.Host.Stat(dir); !errors.Is(err, fs.ErrNotExist) || filepath.Dir(dir) == dir {
			return dir
		}
		dir = filepath.Dir(dir)
	}
}

func (e exam) stateFolder(context.Context) finding {
	dir := e.existing(e.StateDir)
	if err := e.Host.TryWrite(dir); err != nil {
		return problem("make "+dir+" yours, or set XDG_STATE_HOME to a folder that is", "podlab keeps its state in %s: %v", e.StateDir, err)
	}
	return ok("%s can be written", e.StateDir)
}

// What kind's known issues ask for, and what a node was seen to use: 28 instances and 300 watches.
const (
	kindInstances, kindWatches = 512, 524288
	minInstances, minWatches   = 64, 8192
	nodeInstances              = 40
	fixInotify                 = "sudo sysctl fs.inotify.max_user_instances=512 fs.inotify.max_user_watches=524288"
)

func (e exam) inotify(context.Context) finding {
	if e.infoErr != nil {
		return silent()
	}
	if !e.onThisMachine() {
		return cannotTell("if a pod says \"too many open files\": "+fixInotify+" where Docker runs", "Docker's kernel is not this machine's")
	}
	instances, err1 := e.sysctl("max_user_instances")
	watches, err2 := e.sysctl("max_user_watches")
	if err := errors.Join(err1, err2); err != nil {
		return cannotTell("sysctl fs.inotify should tell 512 instances and 524288 watches", "%v", err)
	}
	limits := fmt.Sprintf("%d instances, %d watches", instances, watches)
	if instances < minInstances || watches < minWatches {
		return problem(fixInotify, "%s are too few for a node", limits)
	}
	if used, known := e.Host.RootInotify(); known && instances-used < nodeInstances {
		return problem(fixInotify, "%s, and root already uses %d instances: other clusters?", limits, used)
	}
	if instances >= kindInstances && watches >= kindWatches {
		return ok("%s", limits)
	}
	return ok("%s: enough for a few nodes; for many, kind asks for %d and %d", limits, kindInstances, kindWatches)
}

func (e exam) sysctl(name string) (int, error) {
	text, err := e.Host.ReadFile("/proc/sys/fs/inotify/" + name)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}
