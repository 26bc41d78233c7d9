package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/podlab/podlab/internal/lesson"
)

func (a *app) versionCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print podlab's version and the versions it is built on",
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			v := a.versions()
			if a.json {
				return printJSON(a.Out, v)
			}
			fmt.Fprintf(a.Out, "podlab %s (lesson format %d, kind %s, client-go %s, %s, %s)\n",
				v.Podlab, v.Format, v.Kind, v.ClientGo, v.Go, v.Platform)
			return nil
		},
	}
	a.jsonFlag(cmd)
	return cmd
}

type versions struct {
	Podlab   string `json:"podlab"`
	Format   int    `json:"format"`
	Kind     string `json:"kind"`
	ClientGo string `json:"clientGo"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func (a *app) versions() versions {
	v := versions{Podlab: a.Version, Format: lesson.FormatVersion, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if v.Podlab == "" {
		v.Podlab = info.Main.Version
	}
	for _, dep := range info.Deps {
		switch dep.Path {
		case "sigs.k8s.io/kind":
			v.Kind = dep.Version
		case "k8s.io/client-go":
			v.ClientGo = dep.Version
		}
	}
	return v
}
