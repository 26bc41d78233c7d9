package runner

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/podlab/podlab/internal/checks"
)

func TestALookTellsHowTheClusterStands(t *testing.T) {
	for _, standing := range []Standing{Absent, Down, Answers} {
		synctest.Test(t, func(t *testing.T) {
			w := newFakeWorld()
			w.standing = standing
			l := start(t, w)
			defer l.stop()
			l.Do(Look{})
			s := l.until(func(s State) bool { return s.Cluster.Seen != "" })
			// Only a lab that is open has a watch, which knows when the cluster is up no more.
			if s.Cluster.Seen != standing || s.Cluster.Up || s.Busy != "" || w.ups != 0 {
				t.Errorf("%s: %+v, busy with %q, brought up %d times", standing, s.Cluster, s.Busy, w.ups)
			}
		})
	}
}

func TestALookIsForgottenWhenALabOpens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFakeWorld()
		w.standing = Answers
		l := start(t, w)
		defer l.stop()
		l.Do(Look{})
		l.until(func(s State) bool { return s.Cluster.Seen == Answers })
		w.set(func() { w.upErr = errors.New("docker does not answer") })
		l.Do(Open{Lab: "duo"})
		if s := l.until(func(s State) bool { return s.Busy == "cluster" }); s.Cluster.Seen != "" || s.Cluster.Up {
			t.Errorf("while it comes up: %+v", s.Cluster)
		}
		if s := l.until(func(s State) bool { return s.Cluster.Err != nil }); s.Cluster.Seen != "" || s.Cluster.Up {
			t.Errorf("when it did not come up: %+v", s.Cluster)
		}
	})
}

// What could not be looked at is unknown; a look that is slow holds up no lab, and tells nothing after it.
func TestALookThatTellsNothing(t *testing.T) {
	for name, w := range map[string]*fakeWorld{"fails": newFakeWorld(), "is slow": newFakeWorld()} {
		synctest.Test(t, func(t *testing.T) {
			w.standing = Absent
			if name == "fails" {
				w.upErr = errors.New("docker does not answer")
			} else {
				w.block = make(chan struct{})
			}
			l := start(t, w)
			defer l.stop()
			l.Do(Look{})
			synctest.Wait()
			w.set(func() { w.upErr, w.block = nil, nil })
			l.Do(Open{Lab: "duo"})
			s := l.until(verdict(0, 0, checks.NotYet))
			if s.Cluster.Seen != "" || !s.Cluster.Up {
				t.Errorf("%s: %+v", name, s.Cluster)
			}
		})
	}
}
