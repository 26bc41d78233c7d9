package main

import (
	"os"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"podlab": main})
}

// TestScripts runs podlab as a user without Docker would: every script has a state folder of its own, and a DOCKER_HOST at
// which nobody answers. What needs a cluster is tested in internal/e2e.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("XDG_STATE_HOME", env.WorkDir+"/state")
			env.Setenv("DOCKER_HOST", "unix://"+env.WorkDir+"/no-docker.sock")
			return nil
		},
	})
}

func TestCtrlCIsMeantForTheProgramThatHasTheTerminal(t *testing.T) {
	for _, tc := range []struct {
		signal       os.Signal
		shield, ends bool
	}{
		{os.Interrupt, false, true},
		{os.Interrupt, true, false},
		{syscall.SIGTERM, true, true},
	} {
		shield, signals, ended := new(atomic.Bool), make(chan os.Signal, 1), false
		shield.Store(tc.shield)
		signals <- tc.signal
		close(signals)
		endAt(signals, shield, func() { ended = true })
		if ended != tc.ends {
			t.Errorf("%v: ended %v", tc, ended)
		}
	}
}
