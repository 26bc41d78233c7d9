package doctor

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

func (e exam) command(context.Context) finding {
	path, err := e.Host.LookPath("docker")
	if err != nil {
		return problem("install Docker's command line: package docker-cli or docker-ce-cli", "there is no docker on the PATH, and kind calls it")
	}
	if strings.HasPrefix(path, "/snap/") {
		return cannotTell("if a cluster does not come up, install Docker from your distribution's packages",
			"%s is a snap, which sees only a part of the file system", path)
	}
	return ok("%s", path)
}

// The oldest Docker that kind works with: it asks for a private cgroup namespace.
const minMajor, minMinor = 20, 10

func (e exam) engine(context.Context) finding {
	if e.infoErr != nil {
		return problem(fixEngine, "Docker Engine does not answer: %v", e.infoErr)
	}
	var major, minor int
	if _, err := fmt.Sscanf(e.info.ServerVersion, "%d.%d", &major, &minor); err != nil {
		return cannotTell("see that docker version says 20.10 or later", "its version is %q", e.info.ServerVersion)
	}
	if major < minMajor || major == minMajor && minor < minMinor {
		return problem("update Docker", "Docker Engine is %s; kind needs 20.10 or later", e.info.ServerVersion)
	}
	return ok("%s on %s", e.info.ServerVersion, e.info.OperatingSystem)
}

// sameDocker compares the Docker that podlab talks to with the one that the docker command, and so kind, talks to. A context
// and DOCKER_HOST can make them two.
func (e exam) sameDocker(ctx context.Context) finding {
	if e.infoErr != nil {
		return silent()
	}
	out, err := e.Host.Output(ctx, "docker", "info", "--format", "{{.ID}}")
	id := strings.TrimSpace(out)
	switch {
	case err != nil:
		return cannotTell("run docker info and mend what it says", "docker info: %v", err)
	case id == "" || e.info.ID == "":
		return cannotTell("compare docker context ls with DOCKER_HOST", "Docker does not tell its ID")
	case id != e.info.ID:
		return problem("unset DOCKER_HOST, or docker context use default, so that both are the same",
			"podlab talks to %s, the docker command (which kind calls) to another Docker", e.info.Host)
	}
	return ok("podlab and the docker command both talk to %s", e.info.Host)
}

// local asks whether what Docker publishes on the loopback address is published on this machine.
func (e exam) local(context.Context) finding {
	if e.infoErr != nil {
		return silent()
	}
	u, err := url.Parse(e.info.Host)
	if err != nil {
		return cannotTell("check DOCKER_HOST", "its address is %q", e.info.Host)
	}
	if slices.Contains([]string{"unix", "npipe"}, u.Scheme) || isLoopback(u.Hostname()) {
		return ok("it is at %s", e.info.Host)
	}
	return problem("use a Docker on this machine: docker context use default, unset DOCKER_HOST",
		"it is on another machine (%s), where podlab cannot reach the cluster's API", e.info.Host)
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

func (e exam) storage(context.Context) finding {
	if e.infoErr != nil {
		return silent()
	}
	if slices.Contains(e.info.DriverStatus, [2]string{"driver-type", "io.containerd.snapshotter.v1"}) {
		return ok("containerd's, with the snapshotter %s; podlab saves images for one platform only, as it needs", e.info.Driver)
	}
	switch e.info.Driver {
	case "overlay2", "fuse-overlayfs", "btrfs", "zfs":
		return ok("%s", e.info.Driver)
	case "vfs", "devicemapper", "aufs":
		return problem("configure the storage driver overlay2 in Docker's daemon.json", "%s is too slow and too big for cluster nodes", e.info.Driver)
	}
	return cannotTell("use the storage driver overlay2 if a cluster does not come up", "podlab does not know the storage driver %s", e.info.Driver)
}

func (e exam) cgroups(context.Context) finding {
	if e.infoErr != nil {
		return silent()
	}
	switch e.info.CgroupVersion {
	case "2":
		return ok("version 2")
	case "1":
		if e.hasSecurity("rootless") {
			return problem("boot with systemd.unified_cgroup_hierarchy=1, or use a Docker that runs as root",
				"version 1, and a Docker without root needs version 2")
		}
		return ok("version 1: the kubelet refuses it unless told otherwise, so podlab sets failCgroupV1: false")
	}
	return cannotTell("see what docker info says of the cgroup version", "Docker does not tell the version")
}

func (e exam) rights(context.Context) finding {
	if e.infoErr != nil {
		return silent()
	}
	switch {
	case e.hasSecurity("rootless"):
		return cannotTell("if the kubelet does not start, see kind's page on rootless and delegate the cgroup controllers",
			"Docker runs without root, where kind needs the cpu, memory and pids controllers delegated")
	case e.hasSecurity("userns"):
		return ok("user namespaces are remapped; kind asks for the host's for its nodes")
	}
	return ok("Docker runs as root")
}

// hasSecurity looks for an option like "name=rootless" or "name=seccomp,profile=default".
func (e exam) hasSecurity(name string) bool {
	return slices.ContainsFunc(e.info.SecurityOptions, func(o string) bool {
		first, _, _ := strings.Cut(o, ",")
		return first == "name="+name
	})
}

func (e exam) architecture(context.Context) finding {
	if e.infoErr != nil {
		return silent()
	}
	switch e.info.Architecture {
	case "x86_64", "amd64", "aarch64", "arm64":
		return ok("%s", e.info.Architecture)
	}
	return problem("use a machine with an x86-64 or arm64 processor", "there is no node image for %s", e.info.Architecture)
}

// onThisMachine says whether Docker's processes and files are this machine's: not in a virtual machine, not elsewhere.
func (e exam) onThisMachine() bool {
	return e.infoErr == nil && e.Host.OS == "linux" && strings.HasPrefix(e.info.Host, "unix://") &&
		!strings.Contains(e.info.OperatingSystem, "Docker Desktop")
}
