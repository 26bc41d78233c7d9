package cluster

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"
	"github.com/docker/docker/pkg/stdcopy"
)

// execMark is the variable by which everything that one Exec started is found again on the node.
const execMark = "PODLAB_EXEC"

// killMarked kills every process on the node whose environment has the mark given as $1.
const killMarked = `for e in $(grep -lzxF "$1" /proc/[0-9]*/environ 2>/dev/null); do
	p=${e#/proc/}; kill -9 "${p%/environ}" 2>/dev/null
done; true`

// Exec runs argv in the named node and returns its exit code. env is "NAME=value" on top of the node's own. When ctx ends
// first, what was started on the node is killed and ctx's error is returned. A read from stdin that never returns is left.
func (c *Cluster) Exec(ctx context.Context, node string, argv, env []string, stdin io.Reader, stdout, stderr io.Writer) (int, error) {
	cli, err := c.docker(ctx)
	if err != nil {
		return 0, err
	}
	mark := execMark + "=" + rand.Text()
	id, err := startExec(ctx, cli, node, argv, append([]string{mark}, env...), stdin != nil)
	if err != nil {
		return 0, execErr(ctx, node, err)
	}
	err = pipeExec(ctx, cli, id, stdin, stdout, stderr)
	if ctx.Err() != nil {
		killExec(context.WithoutCancel(ctx), cli, node, mark)
		return 0, ctx.Err()
	}
	if err != nil {
		return 0, execErr(ctx, node, err)
	}
	code, err := exitCode(ctx, cli, id)
	if errdefs.IsNotFound(err) {
		return 0, wrong(ErrNoDocker, tryDocker, "it was restarted while a command ran on %s", node)
	}
	return code, execErr(ctx, node, err)
}

// output runs argv in the node and returns what it printed. An exit code other than 0 is an error with its complaint.
func (c *Cluster) output(ctx context.Context, node string, stdin io.Reader, argv ...string) ([]byte, error) {
	var out, complaint bytes.Buffer
	code, err := c.Exec(ctx, node, argv, nil, stdin, &out, &complaint)
	if err == nil && code != 0 {
		err = fmt.Errorf("%s on %s: exit %d: %s", argv[0], node, code, lastLine(complaint.Bytes()))
	}
	return out.Bytes(), err
}

// execErr says what an error of Docker's means for a command on the node.
func execErr(ctx context.Context, node string, err error) error {
	switch {
	case err == nil || ctx.Err() != nil:
		return err
	case errdefs.IsNotFound(err):
		return wrong(ErrAbsent, tryUp, "no node %s", node)
	case errdefs.IsConflict(err):
		return &Error{Err: fmt.Errorf("%w: node %s %w", ErrBroken, node, errStopped), Try: tryUp}
	}
	return fmt.Errorf("run a command on %s: %w", node, dockerErr(ctx, err))
}

func startExec(ctx context.Context, cli *client.Client, node string, argv, env []string, stdin bool) (string, error) {
	made, err := cli.ContainerExecCreate(ctx, node, container.ExecOptions{
		Cmd: argv, Env: env, AttachStdin: stdin, AttachStdout: true, AttachStderr: true,
	})
	return made.ID, err
}

// attach starts the command. Docker's client waits for the answer without regard to ctx; an answer that comes too late is
// for nobody.
func attach(ctx context.Context, cli *client.Client, id string) (types.HijackedResponse, error) {
	type attached struct {
		conn types.HijackedResponse
		err  error
	}
	answer := make(chan attached, 1)
	go func() {
		conn, err := cli.ContainerExecAttach(ctx, id, container.ExecAttachOptions{})
		answer <- attached{conn, err}
	}()
	select {
	case a := <-answer:
		return a.conn, a.err
	case <-ctx.Done():
		go func() {
			if a := <-answer; a.err == nil {
				a.conn.Close()
			}
		}()
		return types.HijackedResponse{}, ctx.Err()
	}
}

// pipeExec starts the command and passes its streams until it closes them or ctx ends.
func pipeExec(ctx context.Context, cli *client.Client, id string, stdin io.Reader, stdout, stderr io.Writer) error {
	conn, err := attach(ctx, cli, id)
	if err != nil {
		return err
	}
	defer conn.Close()
	// The attached connection does not know ctx: closing it ends the reads and writes below.
	stop := context.AfterFunc(ctx, conn.Close)
	defer stop()
	if stdin != nil {
		go feed(conn, stdin)
	}
	_, err = stdcopy.StdCopy(orDiscard(stdout), orDiscard(stderr), conn.Reader)
	return err
}

func feed(conn types.HijackedResponse, stdin io.Reader) {
	// A command that does not read all of its input is no error: its exit code tells.
	_, _ = io.Copy(conn.Conn, stdin)
	_ = conn.CloseWrite()
}

func orDiscard(w io.Writer) io.Writer {
	if w == nil {
		return io.Discard
	}
	return w
}

// exitCode waits until Docker knows that the command ended: its streams close a moment earlier.
func exitCode(ctx context.Context, cli *client.Client, id string) (int, error) {
	for wait := time.Millisecond; ; wait = min(2*wait, 100*time.Millisecond) {
		state, err := cli.ContainerExecInspect(ctx, id)
		if err != nil {
			return 0, err
		}
		if !state.Running {
			return state.ExitCode, nil
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(wait):
		}
	}
}

// killExec kills what an Exec left on the node. It takes at most 3 seconds and has nobody to complain to.
func killExec(ctx context.Context, cli *client.Client, node, mark string) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	id, err := startExec(ctx, cli, node, []string{"sh", "-c", killMarked, "sh", mark}, nil, false)
	if err != nil {
		return
	}
	if err := pipeExec(ctx, cli, id, nil, nil, nil); err != nil {
		return
	}
	_, _ = exitCode(ctx, cli, id)
}

// lastLine returns the last line that says something.
func lastLine(out []byte) string {
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	return string(lines[len(lines)-1])
}
