package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/client"
)

// What kind writes on each node's container.
const (
	labelCluster = "io.x-k8s.kind.cluster"
	labelRole    = "io.x-k8s.kind.role"
)

const (
	tryDocker     = "start Docker; podlab doctor says more"
	tryPermission = "sudo usermod -aG docker $USER, then log in again"
	tryCLI        = "install Docker's command line and put it on the PATH: kind calls it"
)

// docker returns the connection to Docker, made at the first call. It does not talk to Docker yet.
func (c *Cluster) docker(ctx context.Context) (*client.Client, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.client != nil {
		return c.client, nil
	}
	opts := []client.Opt{client.FromEnv, client.WithAPIVersionNegotiation()}
	host, err := contextHost(ctx)
	if err != nil {
		return nil, err
	}
	if host != "" {
		opts = append(opts, client.WithHost(host))
	}
	cli, err := client.NewClientWithOpts(opts...)
	if err != nil {
		return nil, wrong(ErrNoDocker, "check DOCKER_HOST and docker context ls", "%v", err)
	}
	c.client = cli
	return cli, nil
}

// contextHost returns the address of the docker command's current context, so that podlab talks to the same Docker as
// kind, which uses the command. It is "" for the default one and when DOCKER_HOST decides.
func contextHost(ctx context.Context) (string, error) {
	if os.Getenv(client.EnvOverrideHost) != "" {
		return "", nil
	}
	name := currentContext()
	if name == "" || name == "default" {
		return "", nil
	}
	out, err := exec.CommandContext(ctx, "docker", "context", "inspect", name, "--format", "{{.Endpoints.docker.Host}}").Output()
	if err != nil {
		return "", wrong(ErrNoDocker, "docker context use default", "docker context %q cannot be read: %v", name, err)
	}
	host := strings.TrimSpace(string(out))
	if strings.HasPrefix(host, "ssh://") {
		return "", wrong(ErrNoDocker, "docker context use one that is local", "docker context %q goes through ssh", name)
	}
	return host, nil
}

// currentContext returns the name of the docker command's context, as the command itself finds it.
func currentContext() string {
	if name := os.Getenv("DOCKER_CONTEXT"); name != "" {
		return name
	}
	dir := os.Getenv("DOCKER_CONFIG")
	if dir == "" {
		home, _ := os.UserHomeDir()
		dir = filepath.Join(home, ".docker")
	}
	data, err := os.ReadFile(filepath.Join(dir, "config.json"))
	if err != nil {
		return ""
	}
	var config struct {
		CurrentContext string `json:"currentContext"`
	}
	_ = json.Unmarshal(data, &config)
	return config.CurrentContext
}

// ping asks Docker whether it is there, for at most 5 seconds, and looks for its command line.
func (c *Cluster) ping(ctx context.Context) error {
	if _, err := exec.LookPath("docker"); err != nil {
		return &Error{Err: ErrNoCLI, Try: tryCLI}
	}
	cli, err := c.docker(ctx)
	if err != nil {
		return err
	}
	bounded, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, err = cli.Ping(bounded)
	return dockerErr(ctx, err)
}

// dockerErr names an error that means that Docker is not there. ctx is the caller's: its end is not Docker's fault.
func dockerErr(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil {
		return err
	}
	switch {
	case errors.Is(err, os.ErrPermission):
		return wrong(ErrNoDocker, tryPermission, "%v", err)
	case client.IsErrConnectionFailed(err), errors.Is(err, context.DeadlineExceeded):
		return wrong(ErrNoDocker, tryDocker, "%v", err)
	}
	return err
}

// nodeInfo is one node's container, as Docker tells it.
type nodeInfo struct {
	ID, Name string
	Cluster  string // the kind cluster that it is part of
	Role     string // "control-plane" or "worker"
	State    string // "running", "exited", "paused", "created", ...
	Image    string // as it was named when the container was made
	Network  string
}

// nodes returns the containers of this cluster's nodes, whoever made them, the control plane first.
func (c *Cluster) nodes(ctx context.Context) ([]nodeInfo, error) {
	return c.listNodes(ctx, filters.Arg("label", labelCluster+"="+c.cfg.Name))
}

// ourNodes returns the containers of all clusters that podlab made, which is to say all on its network.
func (c *Cluster) ourNodes(ctx context.Context) ([]nodeInfo, error) {
	all, err := c.listNodes(ctx, filters.Arg("label", labelCluster))
	return slices.DeleteFunc(all, func(n nodeInfo) bool { return n.Network != c.owner }), err
}

func (c *Cluster) listNodes(ctx context.Context, filter filters.KeyValuePair) ([]nodeInfo, error) {
	cli, err := c.docker(ctx)
	if err != nil {
		return nil, err
	}
	list, err := cli.ContainerList(ctx, container.ListOptions{All: true, Filters: filters.NewArgs(filter)})
	if err != nil {
		return nil, fmt.Errorf("list the nodes' containers: %w", dockerErr(ctx, err))
	}
	found := make([]nodeInfo, 0, len(list))
	for _, s := range list {
		n := nodeInfo{
			ID: s.ID, Cluster: s.Labels[labelCluster], Role: s.Labels[labelRole], State: s.State,
			Image: s.Image, Network: s.HostConfig.NetworkMode,
		}
		if len(s.Names) > 0 {
			n.Name = strings.TrimPrefix(s.Names[0], "/")
		}
		found = append(found, n)
	}
	// "control-plane" comes before "worker"
	slices.SortFunc(found, func(a, b nodeInfo) int {
		return strings.Compare(a.Role+" "+a.Name, b.Role+" "+b.Name)
	})
	return found, nil
}
