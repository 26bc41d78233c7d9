package cluster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/docker/docker/api/types/container"
	kind "sigs.k8s.io/kind/pkg/cluster"
	"sigs.k8s.io/yaml"
)

// apiPort is the port of the API inside the control plane's container.
const apiPort = "6443/tcp"

// access is the part of a kubeconfig that says which cluster it leads to.
type access struct {
	Current  string `json:"current-context"`
	Contexts []struct {
		Name    string
		Context struct{ Cluster, User string }
	}
	Clusters []struct {
		Name    string
		Cluster struct {
			Server    string
			Authority string `json:"certificate-authority-data"`
		}
	}
	Users []struct {
		Name string
		User struct {
			Certificate string `json:"client-certificate-data"`
			Key         string `json:"client-key-data"`
		}
	}
}

// ensureKubeconfig writes the kubeconfig of a cluster that runs, unless the file there is the cluster's own and whole. It
// may be gone or damaged, or be that of an earlier cluster of the same name.
func (c *Cluster) ensureKubeconfig(ctx context.Context) error {
	fits, err := c.kubeconfigFits(ctx)
	if err != nil || fits {
		return err
	}
	// kind would add to what is there, and cannot read what is damaged.
	if err := removeFiles(c.Kubeconfig(), c.Kubeconfig()+".lock"); err != nil {
		return err
	}
	logger := &kindLog{out: c.cfg.Log, step: func(string, bool) {}}
	provider := kind.NewProvider(kind.ProviderWithDocker(), kind.ProviderWithLogger(logger))
	return c.kindErr(provider.ExportKubeConfig(c.cfg.Name, c.Kubeconfig(), false))
}

// kubeconfigFits says whether the file leads to this cluster: it compares it with the control plane's own.
func (c *Cluster) kubeconfigFits(ctx context.Context) (bool, error) {
	file, err := os.ReadFile(c.Kubeconfig())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read the kubeconfig: %w", err)
	}
	cli, err := c.docker(ctx)
	if err != nil {
		return false, err
	}
	info, err := cli.ContainerInspect(ctx, c.ControlPlane())
	if err != nil {
		return false, fmt.Errorf("inspect %s: %w", c.ControlPlane(), dockerErr(ctx, err))
	}
	admin, err := c.output(ctx, c.ControlPlane(), nil, "cat", "/etc/kubernetes/admin.conf")
	if err != nil {
		return false, fmt.Errorf("read the cluster's own kubeconfig: %w", err)
	}
	return leadsTo(file, admin, publishedPort(info)), nil
}

// publishedPort returns the port of the host at which the API answers, "" if there is none.
func publishedPort(info container.InspectResponse) string {
	if info.NetworkSettings == nil || len(info.NetworkSettings.Ports[apiPort]) == 0 {
		return ""
	}
	return info.NetworkSettings.Ports[apiPort][0].HostPort
}

// leadsTo says whether a kubeconfig leads through that port to the cluster that admin is the own kubeconfig of.
func leadsTo(file, admin []byte, port string) bool {
	var have, own access
	if yaml.Unmarshal(file, &have) != nil || yaml.Unmarshal(admin, &own) != nil {
		return false
	}
	for _, a := range []access{have, own} {
		if len(a.Contexts) != 1 || len(a.Clusters) != 1 || len(a.Users) != 1 {
			return false
		}
	}
	cluster, user, via := have.Clusters[0], have.Users[0], have.Contexts[0]
	return cluster.Cluster.Authority == own.Clusters[0].Cluster.Authority && user.User == own.Users[0].User &&
		user.User.Key != "" && strings.HasSuffix(cluster.Cluster.Server, ":"+port) &&
		via.Name == have.Current && via.Context.Cluster == cluster.Name && via.Context.User == user.Name
}
