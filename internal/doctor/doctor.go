// Package doctor tests, one by one, the things that podlab needs of a machine and the traps that kind is known for. It
// changes nothing. It imports nothing of podlab's: whoever calls it says how to ask Docker.
package doctor

import (
	"context"
	"time"
)

// Verdict is what a probe says.
type Verdict string

// The verdicts. A probe that could not look never says OK and never says Problem.
const (
	OK         Verdict = "ok"
	Problem    Verdict = "problem"     // podlab will not work, or not well, until it is mended
	CannotTell Verdict = "cannot-tell" // the probe could not look
)

// Probe is one thing that was tested.
type Probe struct {
	Name    string  `json:"name"`
	Verdict Verdict `json:"verdict"`
	Detail  string  `json:"detail"`        // what was found, in one line
	Fix     string  `json:"fix,omitempty"` // what to do about it, in one line; empty only with OK
}

// Docker is what doctor asks of Docker.
type Docker interface {
	// Info returns what Docker says of itself.
	Info(ctx context.Context) (Info, error)
	// HasImage says whether Docker has the image, under exactly that name.
	HasImage(ctx context.Context, ref string) (bool, error)
	// Networks returns Docker's networks with their subnets.
	Networks(ctx context.Context) ([]Network, error)
	// ClusterState says how podlab's cluster stands, in one word ("absent", "running", "stopped", "half-made", "broken" or
	// "foreign"), and why if that needs a word.
	ClusterState(ctx context.Context) (state, why string, err error)
}

// Info is what Docker says of itself, in the words of its API.
type Info struct {
	Host            string // the address at which podlab talks to it
	ID              string
	ServerVersion   string
	OperatingSystem string
	Architecture    string // as uname says it
	Driver          string
	DriverStatus    [][2]string
	CgroupVersion   string // "1" or "2"
	SecurityOptions []string
	DockerRootDir   string
	NCPU            int
	MemTotal        int64 // bytes
}

// Network is one of Docker's networks.
type Network struct {
	ID, Name string
	Subnets  []string // as "172.18.0.0/16"
}

// Env is what is to be tested.
type Env struct {
	Docker   Docker
	Host     Host
	StateDir string   // podlab's state folder; it need not exist
	Network  string   // name of podlab's Docker network; it need not exist
	Nodes    []string // node images, each of which would do
	Labs     []string // images that the labs need
}

// patience is how long one probe may take. Docker answers in milliseconds or, when it hangs, not at all.
const patience = 5 * time.Second

// Run tests everything and returns what it found, always in the same order. It takes no longer than a few seconds even if
// Docker hangs.
func Run(ctx context.Context, env Env) []Probe {
	e := exam{Env: env}
	bounded, cancel := context.WithTimeout(ctx, patience)
	e.info, e.infoErr = env.Docker.Info(bounded)
	cancel()

	probes := []struct {
		name string
		look func(context.Context) finding
	}{
		{"docker command", e.command},
		{"Docker Engine", e.engine},
		{"one Docker", e.sameDocker},
		{"Docker is local", e.local},
		{"image store", e.storage},
		{"cgroups", e.cgroups},
		{"Docker's rights", e.rights},
		{"architecture", e.architecture},
		{"processors", e.processors},
		{"memory", e.memory},
		{"disk: Docker", e.dockerDisk},
		{"disk: podlab", e.stateDisk},
		{"state folder", e.stateFolder},
		{"inotify", e.inotify},
		{"local port", e.port},
		{"subnet", e.subnet},
		{"proxy", e.proxy},
		{"node image", e.nodeImage},
		{"lab images", e.labImages},
		{"cluster", e.cluster},
	}
	found := make([]Probe, 0, len(probes))
	for _, p := range probes {
		bounded, cancel := context.WithTimeout(ctx, patience)
		f := p.look(bounded)
		cancel()
		found = append(found, Probe{Name: p.name, Verdict: f.verdict, Detail: f.detail, Fix: f.fix})
	}
	return found
}

// exam is one run: what is to be tested, and Docker's answer about itself, which many probes need.
type exam struct {
	Env
	info    Info
	infoErr error
}
