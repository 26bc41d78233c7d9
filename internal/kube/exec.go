package kube

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/util/exec"
)

const (
	execTimeout = 10 * time.Second
	execOutput  = 64 << 10 // bytes kept of each stream
)

// Ran is what became of a program that ran in a container.
type Ran struct {
	Exit           int
	Stdout, Stderr []byte // the first 64 KiB of each
	Cut            bool   // there was more
}

// ErrNotStarted says that the program could not be started in the container.
var ErrNotStarted = errors.New("the program could not be started in the container")

// Exec runs argv in the container, without a terminal and with nothing to read, for execTimeout at most. ErrNotStarted
// means that there is no such program there, or none that can be run; any other error, that nobody could try or that it
// did not end. A program that did not end in time goes on.
func (c *Client) Exec(ctx context.Context, namespace, pod, container string, argv []string) (Ran, error) {
	if len(argv) == 0 {
		return Ran{}, fmt.Errorf("exec in container %s of pod %s: no program is named", container, pod)
	}
	ctx, cancel := context.WithTimeout(ctx, execTimeout)
	defer cancel()
	stdout, stderr := &head{}, &head{}
	upgraded, err := c.stream(ctx, namespace, pod, &corev1.PodExecOptions{
		Container: container, Command: argv, Stdout: true, Stderr: true,
	}, remotecommand.StreamOptions{Stdout: stdout, Stderr: stderr})
	ran, err := stdout.with(stderr, err)
	if err == nil {
		err = neverRan(argv, ran)
	}
	switch {
	case err == nil:
		return ran, nil
	case errors.Is(err, ErrNotStarted):
	case errors.Is(err, context.DeadlineExceeded) && upgraded:
		err = fmt.Errorf("%s did not end within %v", argv[0], execTimeout)
	case strings.Contains(err.Error(), "container not found"):
		err = errors.New("the container is not running")
	case !upgraded || broken(err):
		err = unanswered(streamError(err))
	default:
		err = notStarted(err)
	}
	return Ran{}, fmt.Errorf("exec in container %s of pod %s: %w", container, pod, err)
}

// stream runs one exec over a WebSocket, and over SPDY where the server does not know that. It says whether the server
// took the request.
func (c *Client) stream(
	ctx context.Context, namespace, pod string, options *corev1.PodExecOptions, streams remotecommand.StreamOptions,
) (bool, error) {
	request := c.core.RESTClient().Post().Namespace(namespace).Resource("pods").Name(pod).SubResource("exec")
	url := request.VersionedParams(options, scheme.ParameterCodec).URL()
	config, upgraded := c.upgrading()
	modern, err := remotecommand.NewWebSocketExecutor(config, http.MethodGet, url.String())
	if err != nil {
		return false, err
	}
	old, err := remotecommand.NewSPDYExecutor(config, http.MethodPost, url)
	if err != nil {
		return false, err
	}
	executor, err := remotecommand.NewFallbackExecutor(modern, old, fallback)
	if err != nil {
		return false, err
	}
	err = executor.StreamWithContext(ctx, streams)
	return upgraded.Load(), err
}

// with returns what ran, with the streams' beginnings and the exit code that is in err.
func (h *head) with(stderr *head, err error) (Ran, error) {
	var ran Ran
	var cut, more bool
	ran.Stdout, cut = h.take()
	ran.Stderr, more = stderr.take()
	ran.Cut = cut || more
	var exit exec.CodeExitError
	if errors.As(err, &exit) {
		ran.Exit, err = exit.Code, nil
	}
	return ran, err
}

// neverRan recognises a program that the kernel refused: the runtime reports it as if the program had said so itself and
// ended with 1.
func neverRan(argv []string, ran Ran) error {
	said := kernelRefused.FindStringSubmatch(string(ran.Stderr))
	if ran.Exit != 1 || len(ran.Stdout) > 0 || said == nil {
		return nil
	}
	if path, program := said[1], argv[0]; path != program && !strings.HasSuffix(path, "/"+strings.TrimPrefix(program, "./")) {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrNotStarted, strings.TrimSpace(said[0]))
}

var (
	kernelRefused = regexp.MustCompile(`^exec (\S+): (?:exec format error|no such file or directory|permission denied)\n$`)
	// What runc says of a program, after what all the others put before it.
	runtimeRefused = regexp.MustCompile(`unable to start container process: ((?:exec|chdir)\b.*)$`)
	runtimePrefix  = regexp.MustCompile(`^.*(?:failed to start exec "[0-9a-f]+"|error executing command in container): `)
)

// notStarted turns the runtime's sentence into one that can be read.
func notStarted(err error) error {
	text := oneLine(err.Error())
	if said := runtimeRefused.FindStringSubmatch(text); said != nil {
		return fmt.Errorf("%w: %s", ErrNotStarted, strings.TrimPrefix(said[1], "exec: "))
	}
	return errors.New(runtimePrefix.ReplaceAllString(text, ""))
}

// broken says that the error is the connection's, and not what the kubelet said through it.
func broken(err error) bool {
	return !strings.Contains(err.Error(), "Internal error occurred") && !strings.Contains(err.Error(), "error executing command")
}

// head keeps the beginning of what is written to it, and takes the rest as well.
type head struct {
	mu    sync.Mutex
	data  []byte
	cut   bool
	taken bool
}

// Write takes all of p. Its writer may go on after the reader has lost patience.
func (h *head) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.taken {
		return len(p), nil
	}
	kept := p[:min(len(p), execOutput-len(h.data))]
	h.data = append(h.data, kept...)
	h.cut = h.cut || len(kept) < len(p)
	return len(p), nil
}

func (h *head) take() (data []byte, cut bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.taken = true
	return h.data, h.cut
}
