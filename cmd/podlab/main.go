// Podlab runs labs about multi-container pods against a real kind cluster, and checks on the node whether what a lesson
// claims is true.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/podlab/podlab/internal/cli"
	"github.com/podlab/podlab/labs"
)

// version is set by the linker: -X main.version=v1.2.3.
var version string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() { // a second Ctrl-C ends podlab at once, whatever it is waiting for
		<-ctx.Done()
		stop()
	}()
	code := cli.Main(ctx, cli.Deps{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		Version: version,
		Labs:    labs.FS,
	}, os.Args[1:])
	stop()
	os.Exit(code)
}
