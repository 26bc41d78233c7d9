package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/adrg/xdg"
	"github.com/spf13/cobra"

	"github.com/podlab/podlab/internal/cluster"
)

func (a *app) cleanCommand() *cobra.Command {
	var check, all bool
	cmd := &cobra.Command{
		Use:   "clean",
		Short: "Remove everything that podlab ever made on this machine",
		Long: `Removes podlab's clusters, its network, the labs' images, its kubeconfigs,
your progress and the manifests that you wrote, those that a reset kept among them.
It keeps the base images, which take minutes to make, unless you say --all.

With --check it removes nothing: it lists what is left and exits with 1 if something is.`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withCluster(false, func(c *cluster.Cluster) error {
				if check {
					return a.checkClean(cmd.Context(), c, all)
				}
				return a.clean(cmd.Context(), c, all)
			})
		},
	}
	a.jsonFlag(cmd)
	cmd.Flags().BoolVar(&check, "check", false, "only list what is left")
	cmd.Flags().BoolVar(&all, "all", false, "the base images too")
	return cmd
}

func (a *app) clean(ctx context.Context, c *cluster.Cluster, all bool) error {
	err := a.withPhases(func(say func(cluster.Phase)) error { return c.Clean(ctx, all, say) })
	if err != nil {
		return err
	}
	dir, err := a.stateDir()
	if err != nil {
		return err
	}
	for _, path := range kept(c, dir, all) {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("empty podlab's folder: %w", err)
		}
	}
	if all {
		if err := os.RemoveAll(cacheDir()); err != nil {
			return fmt.Errorf("remove the set-up's cache: %w", err)
		}
	}
	return a.checkClean(ctx, c, all)
}

// kept returns what podlab keeps in its folder. The ledger does not count while it must remember images that podlab fetched
// and that only a clean of everything takes.
func kept(c *cluster.Cluster, dir string, all bool) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil // there is no folder
	}
	var paths []string
	for _, e := range entries {
		if e.Name() == cluster.LedgerFile && !all && c.LedgerNeeded() {
			continue
		}
		paths = append(paths, filepath.Join(dir, e.Name()))
	}
	return paths
}

// cacheDir is where set-up keeps its lock and its notes.
func cacheDir() string { return filepath.Join(xdg.CacheHome, "podlab") }

// checkClean lists what is left, in Docker and in podlab's own folder.
func (a *app) checkClean(ctx context.Context, c *cluster.Cluster, all bool) error {
	left, err := c.Leftovers(ctx, all)
	if err != nil {
		return err
	}
	dir, err := a.stateDir()
	if err != nil {
		return err
	}
	for _, path := range kept(c, dir, all) {
		left = append(left, "file "+path)
	}
	_ = os.Remove(dir) // if it is empty: it was made just now, to look into it
	if _, err := os.Stat(cacheDir()); all && err == nil {
		left = append(left, "folder "+cacheDir())
	}
	slices.Sort(left)
	left = slices.Compact(left) // Docker's part names the kubeconfigs too
	if a.json {
		if err := printJSON(a.Out, map[string]any{"left": append([]string{}, left...)}); err != nil {
			return err
		}
	} else {
		for _, l := range left {
			fmt.Fprintln(a.Out, l)
		}
	}
	if len(left) > 0 {
		return errNotPassed
	}
	if !a.json {
		fmt.Fprintln(a.Out, "nothing of podlab's is left")
	}
	return nil
}
