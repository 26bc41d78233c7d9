// Podlab runs labs about multi-container pods against a real kind cluster, and checks on the node whether what a lesson
// claims is true.
package main

import (
	"context"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"

	"github.com/podlab/podlab/internal/cli"
	"github.com/podlab/podlab/labs"
)

// version is set by the linker: -X main.version=v1.2.3.
var version string

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	shield := new(atomic.Bool)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go endAt(signals, shield, cancel)
	code := cli.Main(ctx, cli.Deps{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		Version: version,
		Labs:    labs.FS,
		Shield:  shield,
	}, os.Args[1:])
	os.Exit(code)
}

// endAt cancels at the first signal that is meant for podlab. A second Ctrl-C then ends podlab at once, whatever it is
// waiting for.
func endAt(signals chan os.Signal, shield *atomic.Bool, cancel func()) {
	for s := range signals {
		if s == os.Interrupt && shield.Load() {
			continue
		}
		signal.Stop(signals)
		cancel()
		return
	}
}
