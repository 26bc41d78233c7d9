package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/renameio/v2/maybe"
)

// LedgerFile is the name of the ledger in podlab's folder.
const LedgerFile = "ledger.json"

// ledger is the file that says what podlab made. Everything is written into it before it is made, so that whatever ends
// podlab, the next one knows what to look for.
type ledger struct{ dir string }

// record is what the ledger holds.
type record struct {
	Version  int                      `json:"version"`
	Clusters map[string]clusterRecord `json:"clusters,omitempty"`
	Networks []string                 `json:"networks,omitempty"`
	Images   []string                 `json:"images,omitempty"` // fetched, not built
}

// clusterRecord is one cluster that podlab made or began to make.
type clusterRecord struct {
	Image      string    `json:"image"`
	Nodes      []string  `json:"nodes"` // their containers
	Kubeconfig string    `json:"kubeconfig"`
	Begun      time.Time `json:"begun"`
	Complete   bool      `json:"complete"` // it was seen to be ready
}

func (r record) empty() bool {
	return len(r.Clusters) == 0 && len(r.Networks) == 0 && len(r.Images) == 0
}

func (l ledger) path() string { return filepath.Join(l.dir, LedgerFile) }

// read returns what the ledger holds. A file that cannot be understood is moved aside, never overwritten.
func (l ledger) read() (record, error) {
	data, err := os.ReadFile(l.path())
	if errors.Is(err, fs.ErrNotExist) {
		return record{Version: 1}, nil
	}
	if err != nil {
		return record{}, fmt.Errorf("read the ledger: %w", err)
	}
	var r record
	if err := json.Unmarshal(data, &r); err != nil {
		return record{}, l.moveAside(err)
	}
	if r.Version != 1 {
		return record{}, wrong(ErrLedger, "use the podlab that wrote it, or a newer one",
			"%s has version %d, this podlab knows 1", l.path(), r.Version)
	}
	return r, nil
}

func (l ledger) moveAside(cause error) error {
	aside := l.path() + ".corrupt-" + time.Now().UTC().Format("20060102T150405.000")
	if err := os.Rename(l.path(), aside); err != nil {
		return fmt.Errorf("move the damaged ledger aside: %w", err)
	}
	return wrong(ErrLedger, "run the same command again: podlab knows its clusters by their network too",
		"%s: %v; it is kept as %s", l.path(), cause, aside)
}

// change reads the ledger, lets f change it and writes it, while no other podlab does.
func (l ledger) change(f func(*record)) error {
	if err := os.MkdirAll(l.dir, 0o755); err != nil {
		return fmt.Errorf("make podlab's folder: %w", err)
	}
	lock := flock.New(l.path() + ".lock")
	if err := lock.Lock(); err != nil {
		return fmt.Errorf("lock the ledger: %w", err)
	}
	defer func() { _ = lock.Close() }()
	r, err := l.read()
	if err != nil {
		return err
	}
	f(&r)
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("write the ledger: %w", err)
	}
	if err := maybe.WriteFile(l.path(), append(data, '\n'), 0o644); err != nil {
		return fmt.Errorf("write the ledger: %w", err)
	}
	return nil
}

func (l ledger) setCluster(name string, cr clusterRecord) error {
	return l.change(func(r *record) {
		if r.Clusters == nil {
			r.Clusters = map[string]clusterRecord{}
		}
		r.Clusters[name] = cr
	})
}

func (l ledger) dropCluster(name string) error {
	return l.change(func(r *record) { delete(r.Clusters, name) })
}

func (l ledger) addNetwork(name string) error {
	return l.change(func(r *record) { r.Networks = with(r.Networks, name) })
}

func (l ledger) dropNetwork(name string) error {
	return l.change(func(r *record) { r.Networks = without(r.Networks, name) })
}

func (l ledger) addImage(ref string) error {
	return l.change(func(r *record) { r.Images = with(r.Images, ref) })
}

func (l ledger) dropImage(ref string) error {
	return l.change(func(r *record) { r.Images = without(r.Images, ref) })
}

func with(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

func without(list []string, s string) []string {
	return slices.DeleteFunc(list, func(have string) bool { return have == s })
}
