package cluster

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
	kind "sigs.k8s.io/kind/pkg/cluster"
	"sigs.k8s.io/kind/pkg/exec"
)

// networkVariable tells kind which of Docker's networks to use. kind reads it at each creation.
const networkVariable = "KIND_EXPERIMENTAL_DOCKER_NETWORK"

// allowCgroup1 lets the kubelet start on a host with cgroup v1.
const allowCgroup1 = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
`

// create makes the cluster, and puts the images on its nodes as soon as those stand, while Kubernetes comes up on them.
// It leaves what it made when it fails: remake takes it back.
func (c *Cluster) create(ctx context.Context, p *phases, image string, sources []source) error {
	ph := p.start(phaseCreate)
	names := c.nodesToBe()
	rec := clusterRecord{Image: image, Nodes: names, Kubeconfig: c.Kubeconfig(), Begun: time.Now().UTC()}
	if err := c.ledger.setCluster(c.cfg.Name, rec); err != nil {
		return ph.end(err)
	}
	if err := c.ensureNetwork(ctx); err != nil {
		return ph.end(err)
	}
	g, gctx := errgroup.WithContext(ctx)
	stand := make(chan struct{}) // closed when the nodes' containers stand
	standing := sync.OnceFunc(func() { close(stand) })
	g.Go(func() error {
		// The outer ctx too, so that its end can be told from a failure beside it.
		if err := ph.end(c.runKind(ctx, gctx, image, standing, ph)); err != nil {
			return err
		}
		standing() // kind's words may have changed
		wait := p.start(phaseReady)
		return wait.end(c.waitReady(gctx, names, c.limits.started, wait))
	})
	g.Go(func() error {
		select {
		case <-stand:
			return c.putImages(gctx, p, names, sources, c.limits.made)
		case <-gctx.Done():
			return nil // kind's error says more
		}
	})
	if err := g.Wait(); err != nil {
		return err
	}
	rec.Complete = true
	return c.ledger.setCluster(c.cfg.Name, rec)
}

// runKind lets kind make the cluster, calls standing when its nodes' containers stand, and returns when kind has ended. kind
// cannot be cancelled: when work ends, its nodes are deleted under it, and it gives up.
func (c *Cluster) runKind(outer, work context.Context, image string, standing func(), ph *phase) error {
	config, err := c.kindConfig(work, image)
	if err != nil {
		return err
	}
	if err := removeFiles(c.Kubeconfig(), c.Kubeconfig()+".lock"); err != nil {
		return err
	}
	restore, err := setenv(networkVariable, c.owner)
	if err != nil {
		return err
	}
	defer restore()
	logger := &kindLog{out: c.cfg.Log, step: func(text string, done bool) {
		if done && strings.HasPrefix(text, "Preparing nodes") {
			standing()
		}
		if !done && outer.Err() == nil {
			ph.say("%s", text)
		}
	}}
	ended := make(chan error, 1)
	go func() {
		ended <- kind.NewProvider(kind.ProviderWithDocker(), kind.ProviderWithLogger(logger)).Create(c.cfg.Name,
			kind.CreateWithV1Alpha4Config(config),
			kind.CreateWithKubeconfigPath(c.Kubeconfig()),
			kind.CreateWithRetain(true), // for diagnose; remake deletes them
		)
	}()
	select {
	case err = <-ended:
		if err != nil {
			return c.diagnose(work, c.kindErr(err))
		}
		return nil
	case <-work.Done():
	}
	if outer.Err() != nil {
		ph.say("kind cannot stop half-way: taking its nodes away and waiting for it")
	}
	c.starve(work, ended)
	return work.Err()
}

// setenv sets a variable of the process's and returns how to put it back. Whoever runs kind has the lock, so that no two
// do it at once.
func setenv(name, value string) (restore func(), err error) {
	old, was := os.LookupEnv(name)
	if err := os.Setenv(name, value); err != nil {
		return nil, fmt.Errorf("set %s: %w", name, err)
	}
	return func() {
		if was {
			_ = os.Setenv(name, old)
			return
		}
		_ = os.Unsetenv(name)
	}, nil
}

// starve deletes kind's nodes until kind gives up. kind's own error says nothing then.
func (c *Cluster) starve(ctx context.Context, ended <-chan error) {
	ctx = context.WithoutCancel(ctx)
	for {
		// An error here is Docker's, and ends kind as well.
		bounded, cancel := context.WithTimeout(ctx, 30*time.Second)
		_ = c.removeNodes(bounded, c.cfg.Name)
		cancel()
		select {
		case err := <-ended:
			_, _ = fmt.Fprintf(c.cfg.Log, "kind gave up: %v\n", err)
			return
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// kindErr shortens kind's error: the output of the command that failed goes to the log, the line that says why into the
// error.
func (c *Cluster) kindErr(err error) error {
	if err == nil {
		return nil
	}
	if run := exec.RunErrorForError(err); run != nil {
		_, _ = fmt.Fprintf(c.cfg.Log, "%s\n%s\n", strings.Join(run.Command, " "), run.Output)
		return fmt.Errorf("kind: %s on the node: %s", phrase(run.Command), complaint(run.Output))
	}
	return fmt.Errorf("kind: %w", err)
}

// phrase names a command that kind ran, without Docker's part of it and without its flags.
func phrase(argv []string) string {
	words := slices.DeleteFunc(slices.Clone(argv), func(w string) bool {
		return strings.HasPrefix(w, "-") || w == "docker" || w == "exec"
	})
	return strings.Join(words[:min(3, len(words))], " ")
}

// complaint returns the line of a command's output that says what went wrong: kubeadm prints its error and then its stack.
func complaint(output []byte) string {
	var found string
	for line := range strings.Lines(string(output)) {
		line = strings.TrimSpace(line)
		for _, start := range []string{"error: ", "error execution phase", "Error response from daemon"} {
			if strings.HasPrefix(line, start) {
				found = line
			}
		}
	}
	if found == "" {
		found = lastLine(output)
	}
	return found
}

// kindConfig returns what kind is asked for.
func (c *Cluster) kindConfig(ctx context.Context, image string) (*v1alpha4.Cluster, error) {
	config := &v1alpha4.Cluster{Nodes: []v1alpha4.Node{{Role: v1alpha4.ControlPlaneRole, Image: image}}}
	for range max(c.cfg.Workers, 0) {
		config.Nodes = append(config.Nodes, v1alpha4.Node{Role: v1alpha4.WorkerRole, Image: image})
	}
	if !isKindImage(image) {
		return config, nil
	}
	info, err := c.Docker(ctx)
	if err != nil {
		return nil, err
	}
	if info.CgroupVersion == "1" {
		config.KubeadmConfigPatches = []string{allowCgroup1}
	}
	return config, nil
}
