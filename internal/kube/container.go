package kube

import (
	"context"
	"errors"
	"net"
)

// Log is what one run of a container has written.
type Log struct {
	ContainerID string
	Lines       []string // without line ends, oldest first
	Cut         bool     // there were more lines before these
}

// Ran is what became of a program that ran in a container.
type Ran struct {
	Exit           int
	Stdout, Stderr []byte // the first 64 KiB of each
	Cut            bool   // there was more
}

// ErrNotStarted says that the program could not be started in the container.
var ErrNotStarted = errors.New("the program could not be started in the container")

// ErrRefused says that nobody listens on the port.
var ErrRefused = errors.New("connection refused")

var errTODO = errors.New("not there yet")

func (w *Watch) Logs(ctx context.Context, pod, container string) (Log, error) { return Log{}, errTODO }
func (w *Watch) LastWords(ctx context.Context, pod, container string) ([]string, error) {
	return nil, errTODO
}
func (c *Client) Exec(ctx context.Context, namespace, pod, container string, argv []string) (Ran, error) {
	return Ran{}, errTODO
}
func (c *Client) Dial(ctx context.Context, namespace, pod string, port int) (net.Conn, error) {
	return nil, errTODO
}
