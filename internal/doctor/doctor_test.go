package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fakeDocker answers what was recorded from a real one: testdata/info.json is docker info, of a Docker 20.10 on Debian 12
// with cgroups of version 1.
type fakeDocker struct {
	info     Info
	infoErr  error
	images   map[string]bool
	networks []Network
	state    string
	why      string
	err      error // of all but info
	hangs    bool
}

func (d *fakeDocker) Info(ctx context.Context) (Info, error) {
	if d.hangs {
		<-ctx.Done()
		return Info{}, ctx.Err()
	}
	return d.info, d.infoErr
}

func (d *fakeDocker) HasImage(_ context.Context, ref string) (bool, error) {
	return d.images[ref], d.err
}

func (d *fakeDocker) Networks(context.Context) ([]Network, error) { return d.networks, d.err }

func (d *fakeDocker) ClusterState(context.Context) (state, why string, err error) {
	return d.state, d.why, d.err
}

// machine is a sound one; a test breaks one thing of it.
type machine struct {
	docker *fakeDocker
	env    Env
	vars   map[string]string
	files  fstest.MapFS // without the leading "/"
}

func (m *machine) file(path, text string) {
	m.files[strings.TrimPrefix(path, "/")] = &fstest.MapFile{Data: []byte(text)}
}

// routes adds lines to the recorded table: interface, destination and mask as Linux writes them.
func (m *machine) route(iface, dest, mask string) {
	f := m.files["proc/net/route"]
	m.file("/proc/net/route", string(f.Data)+iface+"\t"+dest+"\t00000000\t0001\t0\t0\t0\t"+mask+"\t0\t0\t0\n")
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	d := &fakeDocker{
		images: map[string]bool{"podlab/node:v1.37.0": true, "demo:1.0.0": true}, state: "absent",
		networks: []Network{
			{ID: "4d3d4a60d35f", Name: "bridge", Subnets: []string{"172.17.0.0/16"}},
			{ID: "8a67f1761d3cbba2", Name: "kind", Subnets: []string{"172.18.0.0/16", "fc00:f853:ccd:e793::/64"}},
			{ID: "0e503d29b659", Name: "host"},
		},
	}
	if err := json.Unmarshal(recorded(t, "info.json"), &d.info); err != nil {
		t.Fatal(err)
	}
	d.info.Host = "unix:///var/run/docker.sock"
	m := &machine{docker: d, vars: map[string]string{}, files: fstest.MapFS{"home/ada": {Mode: fs.ModeDir}}}
	m.file("/proc/meminfo", string(recorded(t, "meminfo")))
	m.file("/proc/net/route", string(recorded(t, "route")))
	m.file("/proc/sys/fs/inotify/max_user_instances", "128\n")
	m.file("/proc/sys/fs/inotify/max_user_watches", "192536\n")
	m.env = Env{
		Docker: d, StateDir: "/home/ada/state/podlab", Network: "podlab",
		Nodes: []string{"kindest/node:v1.37.0", "podlab/node:v1.37.0"}, Labs: []string{"demo:1.0.0"}, Host: m.host(),
	}
	return m
}

func (m *machine) host() Host {
	name := func(path string) string { return strings.TrimPrefix(path, "/") }
	return Host{
		OS:          "linux",
		Getenv:      func(name string) string { return m.vars[name] },
		LookPath:    func(string) (string, error) { return "/usr/bin/docker", nil },
		Output:      func(context.Context, string, ...string) (string, error) { return m.docker.info.ID + "\n", nil },
		ReadFile:    func(path string) ([]byte, error) { return fs.ReadFile(m.files, name(path)) },
		Stat:        func(path string) (fs.FileInfo, error) { return fs.Stat(m.files, name(path)) },
		FreeDisk:    func(string) (uint64, error) { return 69 * gib, nil },
		TryWrite:    func(string) error { return nil },
		TryListen:   func() error { return nil },
		RootInotify: func() (int, bool) { return 69, true },
	}
}

func recorded(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestSoundMachine(t *testing.T) {
	want := []Probe{
		{Name: "docker command", Detail: "/usr/bin/docker"},
		{Name: "Docker Engine", Detail: "20.10.24+dfsg1 on Debian GNU/Linux 12 (bookworm)"},
		{Name: "one Docker", Detail: "podlab and the docker command both talk to unix:///var/run/docker.sock"},
		{Name: "Docker is local", Detail: "it is at unix:///var/run/docker.sock"},
		{Name: "image store", Detail: "overlay2"},
		{Name: "cgroups", Detail: "version 1: the kubelet refuses it unless told otherwise, so podlab sets failCgroupV1: false"},
		{Name: "Docker's rights", Detail: "Docker runs as root"},
		{Name: "architecture", Detail: "x86_64"},
		{Name: "processors", Detail: "2"},
		{Name: "memory", Detail: "19.6 GiB free of 23.5 GiB"},
		{Name: "disk: Docker", Detail: "69.0 GiB free at /var/lib/docker"},
		{Name: "disk: podlab", Detail: "69.0 GiB free at /home/ada"},
		{Name: "state folder", Detail: "/home/ada/state/podlab can be written"},
		{Name: "inotify", Detail: "128 instances, 192536 watches: enough for a few nodes; for many, kind asks for 512 and 524288"},
		{Name: "local port", Detail: "127.0.0.1 has free ports for the cluster's API"},
		{Name: "subnet", Detail: "172.19.0.0/16 is free for the network podlab, which is not there yet"},
		{Name: "proxy", Detail: "none is set"},
		{Name: "node image", Detail: "podlab/node:v1.37.0"},
		{Name: "lab images", Detail: "demo:1.0.0"},
		{Name: "cluster", Detail: "absent; podlab brings it up when a lab needs it"},
	}
	for i := range want {
		want[i].Verdict = OK
	}
	m := newMachine(t)
	if diff := cmp.Diff(want, Run(t.Context(), m.env)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestSilentDocker(t *testing.T) {
	m := newMachine(t)
	m.docker.infoErr = errors.New("cannot connect to the Docker daemon")
	independent := map[string]bool{"docker command": true, "disk: podlab": true, "state folder": true, "local port": true, "proxy": true}
	for _, p := range Run(t.Context(), m.env) {
		want := CannotTell
		if independent[p.Name] {
			want = OK
		}
		if p.Name == "Docker Engine" {
			want = Problem
		}
		if p.Verdict != want {
			t.Errorf("%s: %s (%s), want %s", p.Name, p.Verdict, p.Detail, want)
		}
	}
}

func TestHangingDocker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.docker.hangs = true
		start := time.Now()
		probes := Run(t.Context(), m.env)
		if took := time.Since(start); took != patience {
			t.Errorf("took %v, want %v", took, patience)
		}
		if probes[1].Verdict != Problem {
			t.Errorf("Docker Engine: %+v", probes[1])
		}
	})
}

func TestThisHost(t *testing.T) {
	h := ThisHost()
	dir := t.TempDir()
	if free, err := h.FreeDisk(dir); err != nil || free == 0 {
		t.Errorf("free disk: %d, %v", free, err)
	}
	if err := h.TryWrite(dir); err != nil {
		t.Errorf("write: %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if err := h.TryWrite(dir + "/none"); err == nil {
		t.Error("wrote to a folder that is not there")
	}
	if err := h.TryListen(); err != nil {
		t.Errorf("listen: %v", err)
	}
	out, err := h.Output(t.Context(), os.Args[0], "-no-such-flag")
	if err == nil || !strings.Contains(err.Error(), "flag provided but not defined") {
		t.Errorf("output %q, error %v: the command's own words are lost", out, err)
	}
}

func TestRoutesThatCannotBeRead(t *testing.T) {
	for name, text := range map[string]string{
		"short": "Iface\neth0\t00000000\n",
		"words": "Iface\neth0\tzero\tx\tx\tx\tx\tx\tzero\n",
	} {
		if _, err := parseRoutes(text); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
