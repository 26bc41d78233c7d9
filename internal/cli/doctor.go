package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/podlab/podlab/internal/cluster"
	"github.com/podlab/podlab/internal/doctor"
	"github.com/podlab/podlab/internal/runner"
)

func (a *app) doctorCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Test each thing that podlab needs, and name the fix for what is wrong",
		Long: `Tests each thing that podlab needs and each of kind's known traps, and changes nothing.

Exit code: 0 nothing stands in the way, 3 something does. What could not be looked at is marked with a question mark.`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.doctor(cmd.Context()) },
	}
	a.jsonFlag(cmd)
	return cmd
}

func (a *app) doctor(ctx context.Context) error {
	var labImages []string
	if course, err := a.loadCourse(); err == nil { // a wrong lesson is not doctor's business
		for _, image := range runner.ImagesOf(course.Labs) {
			labImages = append(labImages, cluster.LabImage(image))
		}
	}
	dir := stateHome() // doctor looks, and makes nothing
	c := cluster.New(cluster.Config{Name: a.name, Workers: cluster.AnyWorkers, StateDir: dir})
	defer c.Close()
	probes := doctor.Run(ctx, doctor.Env{
		Docker: dockerPort{c}, Host: doctor.ThisHost(), StateDir: dir,
		Network: cluster.NetworkName, Nodes: cluster.NodeImages(), Labs: labImages,
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err := a.printProbes(probes); err != nil {
		return err
	}
	if slices.ContainsFunc(probes, func(p doctor.Probe) bool { return p.Verdict == doctor.Problem }) {
		return errCannotTell
	}
	return nil
}

func (a *app) printProbes(probes []doctor.Probe) error {
	if a.json {
		return printJSON(a.Out, map[string]any{"probes": probes})
	}
	marks := map[doctor.Verdict]string{doctor.OK: "✓", doctor.Problem: "✗", doctor.CannotTell: "?"}
	for _, p := range probes {
		fmt.Fprintf(a.Out, "%s %-16s %s\n", marks[p.Verdict], p.Name, p.Detail)
		if p.Fix != "" {
			fmt.Fprintf(a.Out, "  %-16s try: %s\n", "", p.Fix)
		}
	}
	return nil
}

// dockerPort is Docker as doctor sees it.
type dockerPort struct{ *cluster.Cluster }

func (p dockerPort) Info(ctx context.Context) (doctor.Info, error) {
	info, err := p.Docker(ctx)
	return doctor.Info(info), err
}

func (p dockerPort) Networks(ctx context.Context) ([]doctor.Network, error) {
	networks, err := p.Cluster.Networks(ctx)
	out := make([]doctor.Network, len(networks))
	for i, n := range networks {
		out[i] = doctor.Network(n)
	}
	return out, err
}

func (p dockerPort) ClusterState(ctx context.Context) (state, why string, err error) {
	s, err := p.Status(ctx)
	return string(s.State), s.Why, err
}
