package cluster

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestLedgerKeepsWhatWasMade(t *testing.T) {
	l := ledger{dir: filepath.Join(t.TempDir(), "not", "there", "yet")}
	begun := time.Date(2026, 11, 21, 1, 2, 3, 0, time.UTC)
	rec := clusterRecord{Image: "node:1", Nodes: []string{"a-control-plane"}, Kubeconfig: "/k", Begun: begun}
	err := errors.Join(l.setCluster("a", rec), l.setCluster("b", rec), l.dropCluster("b"),
		l.addNetwork("podlab"), l.addNetwork("podlab"), l.addImage("x"), l.addImage("y"), l.dropImage("x"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := l.read()
	if err != nil {
		t.Fatal(err)
	}
	want := record{Version: 1, Clusters: map[string]clusterRecord{"a": rec}, Networks: []string{"podlab"}, Images: []string{"y"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestLedgerOfSeveralPodlabs(t *testing.T) {
	l := ledger{dir: t.TempDir()}
	var g sync.WaitGroup
	for _, ref := range strings.Split("abcdefghij", "") {
		g.Go(func() {
			if err := l.addImage(ref); err != nil {
				t.Error(err)
			}
		})
	}
	g.Wait()
	if rec, err := l.read(); err != nil || len(rec.Images) != 10 {
		t.Errorf("%+v, %v", rec, err)
	}
}

func TestDamagedLedgerIsKeptAside(t *testing.T) {
	for name, text := range map[string]string{"cut short": `{"version":1,"clusters":{"po`, "empty": "", "a list": "[]"} {
		t.Run(name, func(t *testing.T) {
			l := ledger{dir: t.TempDir()}
			if err := os.WriteFile(l.path(), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			err := l.addImage("x")
			var e *Error
			if !errors.Is(err, ErrLedger) || !errors.As(err, &e) || e.Try == "" {
				t.Fatalf("got %v", err)
			}
			aside, err := filepath.Glob(l.path() + ".corrupt-*")
			if err != nil || len(aside) != 1 {
				t.Fatalf("aside: %q, %v", aside, err)
			}
			if data, err := os.ReadFile(aside[0]); err != nil || string(data) != text {
				t.Errorf("kept %q, %v", data, err)
			}
			if err := l.addImage("x"); err != nil {
				t.Errorf("the next change: %v", err)
			}
		})
	}
}

func TestNewerLedgerIsLeftAlone(t *testing.T) {
	l := ledger{dir: t.TempDir()}
	text := `{"version":2}`
	if err := os.WriteFile(l.path(), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := l.addImage("x"); !errors.Is(err, ErrLedger) {
		t.Fatalf("got %v", err)
	}
	if data, err := os.ReadFile(l.path()); err != nil || string(data) != text {
		t.Errorf("now %q, %v", data, err)
	}
}

func TestLockWaitsAndSaysForWhom(t *testing.T) {
	dir := t.TempDir()
	unlock, err := lock(t.Context(), dir, "bringing the cluster up", t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	var said string
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = lock(ctx, dir, "cleaning up", func(format string, args ...any) {
		said, _ = args[0].(string)
	})
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(said, "is bringing the cluster up") {
		t.Errorf("got %v, said %q", err, said)
	}
	unlock()
	unlock, err = lock(t.Context(), dir, "cleaning up", t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	unlock()
}
