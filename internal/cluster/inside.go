package cluster

import (
	"context"

	"github.com/podlab/podlab/internal/node"
)

// Inside looks once into containers on the named node. A container whose process ended meanwhile is an error.
func (c *Cluster) Inside(ctx context.Context, nodeName string, containers []node.Target) (*node.Inside, error) {
	request, err := node.InsideRequest(containers)
	if err != nil {
		return nil, err
	}
	out, err := c.lookAt(ctx, nodeName, request)
	if err != nil {
		return nil, err
	}
	return node.ParseInside(nodeName, containers, out)
}

// Usage returns what the kernel has counted of the CPU time of the pods on the named node.
func (c *Cluster) Usage(ctx context.Context, nodeName string) (node.Usage, error) {
	out, err := c.lookAt(ctx, nodeName, node.UsageRequest)
	if err != nil {
		return nil, err
	}
	return node.ParseUsage(nodeName, out)
}

// Created returns when containerd created the containers, ended ones included, and when the node's kernel booted. Containers
// that containerd has forgotten are left out.
func (c *Cluster) Created(ctx context.Context, nodeName string, containerIDs []string) (node.Births, error) {
	request, err := node.CreatedRequest(containerIDs)
	if err != nil {
		return node.Births{}, err
	}
	out, err := c.lookAt(ctx, nodeName, request)
	if err != nil {
		return node.Births{}, err
	}
	return node.ParseCreated(nodeName, containerIDs, out)
}

// File returns what is at the absolute path in the root file system of a process on the named node. Symbolic links are
// followed within that root. It needs no program there.
func (c *Cluster) File(ctx context.Context, nodeName string, pid int, path string) (node.File, error) {
	request, err := node.FileRequest(pid, path)
	if err != nil {
		return node.File{}, err
	}
	out, err := c.lookAt(ctx, nodeName, request)
	if err != nil {
		return node.File{}, err
	}
	return node.ParseFile(nodeName, pid, path, out)
}
