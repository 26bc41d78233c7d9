package cluster

import (
	"context"
	"fmt"

	"github.com/docker/docker/api/types/network"
	"sigs.k8s.io/kind/pkg/apis/config/defaults"
)

// DockerInfo is what Docker says of itself, in the words of its API.
type DockerInfo struct {
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

// Docker tells about the Docker that podlab uses.
func (c *Cluster) Docker(ctx context.Context) (DockerInfo, error) {
	cli, err := c.docker(ctx)
	if err != nil {
		return DockerInfo{}, err
	}
	info, err := cli.Info(ctx)
	if err != nil {
		return DockerInfo{Host: cli.DaemonHost()}, fmt.Errorf("ask Docker about itself: %w", dockerErr(ctx, err))
	}
	return DockerInfo{
		Host: cli.DaemonHost(), ID: info.ID, ServerVersion: info.ServerVersion, OperatingSystem: info.OperatingSystem,
		Architecture: info.Architecture, Driver: info.Driver, DriverStatus: info.DriverStatus, CgroupVersion: info.CgroupVersion,
		SecurityOptions: info.SecurityOptions, DockerRootDir: info.DockerRootDir, NCPU: info.NCPU, MemTotal: info.MemTotal,
	}, nil
}

// HasImage says whether Docker has the image, under exactly that name.
func (c *Cluster) HasImage(ctx context.Context, ref string) (bool, error) {
	id, err := c.imageID(ctx, ref)
	return id != "", err
}

// DockerNetwork is one of Docker's networks.
type DockerNetwork struct {
	ID, Name string
	Subnets  []string // as "172.18.0.0/16"
}

// Networks returns all of Docker's networks.
func (c *Cluster) Networks(ctx context.Context) ([]DockerNetwork, error) {
	cli, err := c.docker(ctx)
	if err != nil {
		return nil, err
	}
	list, err := cli.NetworkList(ctx, network.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list Docker's networks: %w", dockerErr(ctx, err))
	}
	networks := make([]DockerNetwork, 0, len(list))
	for _, n := range list {
		one := DockerNetwork{ID: n.ID, Name: n.Name}
		for _, c := range n.IPAM.Config {
			one.Subnets = append(one.Subnets, c.Subnet)
		}
		networks = append(networks, one)
	}
	return networks, nil
}

// NetworkName is the Docker network that all of podlab's clusters are on.
const NetworkName = "podlab"

// NodeImages returns the names of the node images, each of which would do: kind's own, and the offline one.
func NodeImages() []string { return []string{defaults.Image, offlineNodeImage} }

// LabImage returns the name under which podlab's own build of a lab's image is kept in Docker.
func LabImage(name string) string { return "podlab/" + name }
