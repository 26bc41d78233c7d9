package cluster

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/podlab/podlab/internal/node"
)

// ErrRefused says that nobody listens on the port.
var ErrRefused = errors.New("connection refused")

var errTODO = errors.New("not there yet")

// Inside looks once into a pod's containers on the named node.
func (c *Cluster) Inside(ctx context.Context, nodeName string, containers []node.Target) (*node.Inside, error) {
	return nil, errTODO
}

// Created returns when containerd created the containers.
func (c *Cluster) Created(ctx context.Context, nodeName string, containerIDs []string) (map[string]time.Time, error) {
	return nil, errTODO
}

// File reads one file in the root file system of a process on the named node.
func (c *Cluster) File(ctx context.Context, nodeName string, pid int, path string) (node.File, error) {
	return node.File{}, errTODO
}

// Dial connects from the named node, from the network namespace of the process if pid is not 0.
func (c *Cluster) Dial(ctx context.Context, nodeName string, pid int, host string, port int) (net.Conn, error) {
	return nil, errTODO
}
