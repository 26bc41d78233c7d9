package doctor

import (
	"context"
	"errors"
	"io/fs"
	"os/exec"
	"strings"
	"testing"
)

var errRefused = errors.New("refused")

// TestVerdicts breaks one thing of a sound machine at a time.
func TestVerdicts(t *testing.T) {
	for _, tt := range []struct {
		probe, why string
		change     func(*machine)
		want       Verdict
		detail     string // a part of it
	}{
		{"docker command", "missing", func(m *machine) {
			m.env.Host.LookPath = func(string) (string, error) { return "", exec.ErrNotFound }
		}, Problem, "no docker on the PATH"},
		{"docker command", "snap", func(m *machine) {
			m.env.Host.LookPath = func(string) (string, error) { return "/snap/bin/docker", nil }
		}, CannotTell, "is a snap"},

		{"Docker Engine", "old", func(m *machine) { m.docker.info.ServerVersion = "19.03.15" }, Problem, "kind needs 20.10"},
		{"Docker Engine", "just too old", func(m *machine) { m.docker.info.ServerVersion = "20.9.1" }, Problem, "kind needs 20.10"},
		{"Docker Engine", "new", func(m *machine) { m.docker.info.ServerVersion = "29.0.1" }, OK, "29.0.1"},
		{"Docker Engine", "no number", func(m *machine) { m.docker.info.ServerVersion = "dev" }, CannotTell, `"dev"`},

		{"one Docker", "another", func(m *machine) {
			m.env.Host.Output = func(context.Context, string, ...string) (string, error) { return "ABCD:EFGH\n", nil }
		}, Problem, "to another Docker"},
		{"one Docker", "command fails", func(m *machine) {
			m.env.Host.Output = func(context.Context, string, ...string) (string, error) { return "", errRefused }
		}, CannotTell, "refused"},
		{"one Docker", "no ID", func(m *machine) { m.docker.info.ID = "" }, CannotTell, "ID"},

		{"Docker is local", "ssh", func(m *machine) { m.docker.info.Host = "ssh://ada@build" }, Problem, "another machine"},
		{"Docker is local", "tcp", func(m *machine) { m.docker.info.Host = "tcp://192.0.2.7:2375" }, Problem, "another machine"},
		{"Docker is local", "loopback", func(m *machine) { m.docker.info.Host = "tcp://127.0.0.1:2375" }, OK, "127.0.0.1"},
		{"Docker is local", "windows", func(m *machine) { m.docker.info.Host = "npipe:////./pipe/docker_engine" }, OK, "npipe"},
		{"Docker is local", "no address", func(m *machine) { m.docker.info.Host = "://" }, CannotTell, "://"},

		{"image store", "containerd", func(m *machine) {
			m.docker.info.Driver = "overlayfs"
			m.docker.info.DriverStatus = [][2]string{{"driver-type", "io.containerd.snapshotter.v1"}}
		}, OK, "containerd's"},
		{"image store", "vfs", func(m *machine) { m.docker.info.Driver = "vfs" }, Problem, "vfs"},
		{"image store", "unknown", func(m *machine) { m.docker.info.Driver = "stargz" }, CannotTell, "stargz"},

		{"cgroups", "version 2", func(m *machine) { m.docker.info.CgroupVersion = "2" }, OK, "version 2"},
		{"cgroups", "untold", func(m *machine) { m.docker.info.CgroupVersion = "" }, CannotTell, "does not tell"},
		{"cgroups", "rootless on 1", func(m *machine) {
			m.docker.info.SecurityOptions = []string{"name=seccomp,profile=default", "name=rootless"}
		}, Problem, "needs version 2"},
		{"Docker's rights", "rootless", func(m *machine) { m.docker.info.SecurityOptions = []string{"name=rootless"} }, CannotTell, "without root"},
		{"Docker's rights", "remapped", func(m *machine) { m.docker.info.SecurityOptions = []string{"name=userns"} }, OK, "remapped"},

		{"architecture", "arm64", func(m *machine) { m.docker.info.Architecture = "aarch64" }, OK, "aarch64"},
		{"architecture", "riscv", func(m *machine) { m.docker.info.Architecture = "riscv64" }, Problem, "riscv64"},
		{"processors", "one", func(m *machine) { m.docker.info.NCPU = 1 }, Problem, "has 1"},

		{"memory", "little in all", func(m *machine) { m.docker.info.MemTotal = 1 << 30 }, Problem, "1.0 GiB in all"},
		{"memory", "little free", func(m *machine) { m.file("/proc/meminfo", "MemAvailable:  524288 kB\n") }, Problem, "512 MiB free"},
		{"memory", "untold", func(m *machine) { m.file("/proc/meminfo", "MemTotal: 1 kB\n") }, CannotTell, "does not tell"},
		{"memory", "no /proc", func(m *machine) { delete(m.files, "proc/meminfo") }, CannotTell, "meminfo"},
		{"memory", "Docker Desktop", func(m *machine) { m.docker.info.OperatingSystem = "Docker Desktop" }, OK, "cannot be seen"},

		{"disk: Docker", "full", func(m *machine) {
			m.env.Host.FreeDisk = func(string) (uint64, error) { return minDisk - 1, nil }
		}, Problem, "4.0 GiB needed"},
		{"disk: Docker", "refused", func(m *machine) {
			m.env.Host.FreeDisk = func(string) (uint64, error) { return 0, errRefused }
		}, CannotTell, "refused"},
		{"disk: Docker", "macOS", func(m *machine) { m.env.Host.OS = "darwin" }, CannotTell, "not on this machine"},
		{"disk: podlab", "full", func(m *machine) {
			m.env.Host.FreeDisk = func(string) (uint64, error) { return 0, nil }
		}, Problem, "0 MiB free at /home/ada"},
		{"state folder", "read-only", func(m *machine) {
			m.env.Host.TryWrite = func(dir string) error { return &fs.PathError{Op: "open", Path: dir, Err: fs.ErrPermission} }
		}, Problem, "permission denied"},

		{"inotify", "few instances", func(m *machine) { m.file("/proc/sys/fs/inotify/max_user_instances", "32\n") }, Problem, "32 instances"},
		{"inotify", "few watches", func(m *machine) { m.file("/proc/sys/fs/inotify/max_user_watches", "4096\n") }, Problem, "4096 watches"},
		{"inotify", "used up", func(m *machine) { m.env.Host.RootInotify = func() (int, bool) { return 100, true } }, Problem, "already uses 100"},
		{"inotify", "use unknown", func(m *machine) { m.env.Host.RootInotify = func() (int, bool) { return 0, false } }, OK, "a few nodes"},
		{"inotify", "as kind asks", func(m *machine) {
			m.file("/proc/sys/fs/inotify/max_user_instances", "512\n")
			m.file("/proc/sys/fs/inotify/max_user_watches", "524288\n")
			m.env.Host.RootInotify = func() (int, bool) { return 500, true }
		}, Problem, "already uses 500"},
		{"inotify", "plenty", func(m *machine) {
			m.file("/proc/sys/fs/inotify/max_user_instances", "8192\n")
			m.file("/proc/sys/fs/inotify/max_user_watches", "1048576\n")
		}, OK, "8192 instances, 1048576 watches"},
		{"inotify", "no /proc", func(m *machine) { delete(m.files, "proc/sys/fs/inotify/max_user_watches") }, CannotTell, "max_user_watches"},
		{"inotify", "macOS", func(m *machine) { m.env.Host.OS = "darwin" }, CannotTell, "kernel"},

		{"local port", "none", func(m *machine) { m.env.Host.TryListen = func() error { return errRefused } }, Problem, "refused"},

		{"subnet", "shadowed by a VPN", func(m *machine) { m.env.Network = "kind"; m.route("tun0", "000012AC", "0000FFFF") }, Problem, "by tun0 covers the network kind"},
		{"subnet", "a part of it", func(m *machine) { m.env.Network = "kind"; m.route("tun0", "000512AC", "00FFFFFF") }, Problem, "172.18.5.0/24 by tun0"},
		{"subnet", "a wider route", func(m *machine) { m.env.Network = "kind"; m.route("tun0", "000010AC", "0000F0FF") }, OK, "no route covers"},
		{"subnet", "its own bridge", func(m *machine) { m.env.Network = "kind"; m.route("br-8a67f1761d3c", "000012AC", "0000FFFF") }, OK, "no route covers"},
		{"subnet", "none left", func(m *machine) { m.route("tun0", "00000000", "00000080"); m.route("tun0", "00000080", "00000080") }, Problem, "every address"},
		{"subnet", "the second pool", func(m *machine) { m.route("tun0", "000010AC", "0000F0FF") }, OK, "192.168.0.0/20 is free"},
		{"subnet", "macOS", func(m *machine) { m.env.Host.OS = "darwin" }, CannotTell, "routes"},
		{"subnet", "no /proc", func(m *machine) { delete(m.files, "proc/net/route") }, CannotTell, "route"},
		{"subnet", "no networks", func(m *machine) { m.docker.err = errRefused }, CannotTell, "refused"},

		{"proxy", "set", func(m *machine) { m.vars["https_proxy"] = "http://proxy.example:3128" }, OK, "HTTPS_PROXY"},
		{"proxy", "loopback", func(m *machine) { m.vars["HTTP_PROXY"] = "http://127.0.0.1:3128" }, Problem, "inside a node means the node itself"},
		{"proxy", "localhost", func(m *machine) { m.vars["http_proxy"] = "http://localhost:3128" }, Problem, "inside a node"},

		{"node image", "none", func(m *machine) { m.docker.images = nil }, CannotTell, "none of kindest/node:v1.37.0, podlab/node:v1.37.0"},
		{"node image", "refused", func(m *machine) { m.docker.err = errRefused }, CannotTell, "refused"},
		{"lab images", "none", func(m *machine) { m.docker.images = nil }, Problem, "does not have demo:1.0.0"},
		{"lab images", "refused", func(m *machine) { m.docker.err = errRefused }, CannotTell, "refused"},

		{"cluster", "running", func(m *machine) { m.docker.state = "running" }, OK, "up"},
		{"cluster", "stopped", func(m *machine) { m.docker.state = "stopped" }, OK, "stopped"},
		{"cluster", "broken", func(m *machine) { m.docker.state, m.docker.why = "broken", "container podlab-control-plane is gone" }, Problem, "broken: container"},
		{"cluster", "half-made", func(m *machine) { m.docker.state = "half-made" }, Problem, "half-made"},
		{"cluster", "foreign", func(m *machine) { m.docker.state = "foreign" }, Problem, "not podlab's"},
		{"cluster", "new word", func(m *machine) { m.docker.state = "paused" }, CannotTell, `"paused"`},
		{"cluster", "refused", func(m *machine) { m.docker.err = errRefused }, CannotTell, "refused"},
	} {
		t.Run(tt.probe+"/"+tt.why, func(t *testing.T) {
			m := newMachine(t)
			tt.change(m)
			got := find(t, Run(t.Context(), m.env), tt.probe)
			if got.Verdict != tt.want || !strings.Contains(got.Detail, tt.detail) {
				t.Errorf("%s: %s, want %s: %s", got.Verdict, got.Detail, tt.want, tt.detail)
			}
			if (got.Verdict == OK) != (got.Fix == "") || strings.Contains(got.Fix+got.Detail, "\n") {
				t.Errorf("fix %q does not go with %s: %s", got.Fix, got.Verdict, got.Detail)
			}
		})
	}
}

func find(t *testing.T, probes []Probe, name string) Probe {
	t.Helper()
	for _, p := range probes {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("there is no probe %q", name)
	return Probe{}
}
