package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/podlab/podlab/internal/cluster"
	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/internal/runner"
)

// applyRequest is what "podlab apply" was asked for.
type applyRequest struct {
	lab   lesson.Lab
	step  string // --step, then the step that is meant; "" where the lab has none
	file  string // --file; "" for the learner's own
	start bool   // --start
	path  bool   // --path
}

// applied is what "podlab apply --json" prints.
type applied struct {
	Lab      string          `json:"lab"`
	Step     string          `json:"step,omitempty"`
	File     string          `json:"file"`
	Objects  []appliedObject `json:"objects"`
	Mistakes []mistake       `json:"mistakes,omitempty"`
	Error    string          `json:"error,omitempty"`
	Try      string          `json:"try,omitempty"`
}

type appliedObject struct {
	Object   string   `json:"object"`
	Action   string   `json:"action"`
	Warnings []string `json:"warnings,omitempty"`
}

type mistake struct {
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Message string `json:"message"`
}

func (a *app) applyCommand() *cobra.Command {
	var req applyRequest
	cmd := &cobra.Command{
		Use:   "apply LAB",
		Short: "Apply the manifest that you wrote in a lab",
		Long: `Reads the manifest that you wrote for a step of the lab, strictly, and applies it in the lab's namespace.
What it says replaces an object of the same name; an object that it no longer names stays.

Your file is begun with what the lesson shows, if there is none yet. To edit it: nano "$(podlab apply LAB --path)"

--json prints lab, step, file, and objects (object, action, warnings); where something is wrong, mistakes (line, column,
message), or error and try.

Exit codes: 0 all was applied, 2 wrong words, 3 the environment stands in the way, 4 a mistake in the manifest.`,
		Args:              usageArgs(cobra.ExactArgs(1)),
		ValidArgsFunction: a.completeLab,
		RunE: func(cmd *cobra.Command, args []string) error {
			course, err := a.loadCourse()
			if err != nil {
				return err
			}
			labs, err := pick(course, args)
			if err != nil {
				return err
			}
			req.lab = labs[0]
			return a.apply(cmd.Context(), req)
		},
	}
	a.jsonFlag(cmd)
	flags := cmd.Flags()
	flags.StringVar(&req.step, "step", "", "the `step`, in a lab that asks for more than one manifest")
	flags.StringVarP(&req.file, "file", "f", "", "another `file` than your own, - for standard input")
	flags.BoolVar(&req.start, "start", false, "print what the step begins with, and apply nothing")
	flags.BoolVar(&req.path, "path", false, "print where your file is, begun if need be, and apply nothing")
	_ = cmd.RegisterFlagCompletionFunc("step", a.completeEditSteps)
	return cmd
}

func (a *app) apply(ctx context.Context, req applyRequest) error {
	out := applied{Lab: req.lab.ID, Step: req.step, Objects: []appliedObject{}}
	err := req.chooseStep(a.json)
	switch {
	case err != nil:
		return a.told(out, err)
	case req.start:
		_, err := io.WriteString(a.Out, req.lab.Starts()[req.step])
		return err
	case req.path:
		path, _, err := a.beginDraft(req)
		if err == nil {
			_, err = fmt.Fprintln(a.Out, path)
		}
		return err
	}
	out.Step = req.step
	err = a.applyFile(ctx, req, &out)
	return a.told(out, err)
}

// told prints the result, where it is to be JSON, and returns why there is none.
func (a *app) told(out applied, err error) error {
	if !a.json {
		return err
	}
	out.fail(err)
	return errors.Join(printJSON(a.Out, out), err)
}

// chooseStep finds the step that is meant. A file of its own needs none.
func (r *applyRequest) chooseStep(json bool) error {
	var steps []string
	for _, step := range r.lab.Steps {
		if _, _, ok := step.Edit(); ok {
			steps = append(steps, step.ID)
		}
	}
	switch {
	case r.start && r.path, r.file != "" && (r.start || r.path):
		return usageError{errors.New("--start, --path and --file: one of them")}
	case json && (r.start || r.path):
		return usageError{errors.New("--start and --path print what they name; --json does not go with them")}
	case r.step != "" && !slices.Contains(steps, r.step):
		return usageError{fmt.Errorf("--step %s: %s", r.step, whichSteps(r.lab.ID, steps))}
	case r.step != "" || r.file != "":
		return nil
	case len(steps) != 1:
		return usageError{errors.New(whichSteps(r.lab.ID, steps))}
	}
	r.step = steps[0]
	return nil
}

func whichSteps(lab string, steps []string) string {
	if len(steps) == 0 {
		return fmt.Sprintf("no step of lab %s asks for a manifest of yours; name a file with -f", lab)
	}
	return fmt.Sprintf("lab %s asks for a manifest in: --step %s", lab, strings.Join(steps, ", --step "))
}

// beginDraft makes sure that the learner has a file for the step, and returns where it is.
func (a *app) beginDraft(req applyRequest) (path string, begun bool, err error) {
	folder := a.draftFolder()
	path = folder.Path(req.lab.ID, req.step)
	begun, err = folder.Begin(req.lab.ID, req.step, req.lab.Starts()[req.step])
	if err != nil {
		err = &cluster.Error{Err: err, Try: "name a file of yours with -f, or set XDG_STATE_HOME to a folder that you can write to"}
	}
	return path, begun, err
}

// applyFile reads the manifest and applies it, telling what becomes of each object.
func (a *app) applyFile(ctx context.Context, req applyRequest, out *applied) error {
	objects, err := a.readManifest(req, out)
	if err != nil {
		return err
	}
	return a.withCluster(false, func(c *cluster.Cluster) error {
		if err := isUp(ctx, c, a.asStarted()); err != nil {
			return err
		}
		client, err := connect(c)
		if err != nil {
			return err
		}
		defer client.Close()
		namespace := runner.Namespace(req.lab.ID)
		if err := client.EnsureNamespace(ctx, namespace); err != nil {
			return err
		}
		done, err := client.Apply(ctx, namespace, objects)
		for _, o := range done {
			a.tellApplied(o, out)
		}
		if runner.Refused(err) {
			return refusedError{err}
		}
		return err
	})
}

func (a *app) tellApplied(o runner.Applied, out *applied) {
	out.Objects = append(out.Objects, appliedObject(o))
	if a.json {
		return
	}
	fmt.Fprintln(a.Out, o.Object, o.Action)
	for _, warning := range o.Warnings {
		fmt.Fprintf(a.Out, "! warning: %s\n", warning)
	}
}

// readManifest reads the file that is meant. Messages name it as the learner can open it.
func (a *app) readManifest(req applyRequest, out *applied) ([]*unstructured.Unstructured, error) {
	var data []byte
	var err error
	switch out.File = req.file; req.file {
	case "":
		out.File, data, err = a.readDraft(req)
	case "-":
		out.File = "stdin"
		data, err = readAll(a.In)
	default:
		data, err = readNamed(req.file)
	}
	if err != nil {
		return nil, err
	}
	return lesson.ParseManifest(out.File, data)
}

// readDraft reads the learner's own file, begun if need be.
func (a *app) readDraft(req applyRequest) (path string, data []byte, err error) {
	path, begun, err := a.beginDraft(req)
	if err != nil {
		return path, nil, err
	}
	if begun {
		fmt.Fprintf(a.Err, "your file is new, and holds what the step begins with: %s\n", path)
	}
	data, err = a.draftFolder().Read(req.lab.ID, req.step, lesson.MaxManifest)
	if err != nil {
		err = &cluster.Error{Err: err, Try: "look at " + path + "; " + a.asStarted() + " reset " + req.lab.ID + " puts it aside"}
	}
	return path, data, err
}

// readNamed reads the file that the learner named.
func readNamed(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, usageError{fmt.Errorf("read the manifest: %w", err)}
	}
	defer func() { _ = file.Close() }() // it was only read
	return readAll(file)
}

// readAll reads a manifest, or the beginning of what is too long for one.
func readAll(in io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(in, lesson.MaxManifest+1))
	if err != nil {
		return nil, usageError{fmt.Errorf("read the manifest: %w", err)}
	}
	return data, nil
}

// isUp says, as an error, that the cluster is not up. To apply is no reason to make one: that takes a while, and images.
func isUp(ctx context.Context, c *cluster.Cluster, podlab string) error {
	status, err := c.Status(ctx)
	if err != nil {
		return err
	}
	if status.State == cluster.Running {
		return nil
	}
	why := ""
	if status.Why != "" {
		why = ": " + status.Why
	}
	try := podlab + " up"
	if status.State != cluster.Absent {
		try = cmp.Or(status.Try, try)
	}
	return &cluster.Error{Err: fmt.Errorf("cluster %s is %s%s", c.Name(), status.State, why), Try: try}
}

// refusedError says that the API server refused the manifest: that is a mistake in it, as one that podlab finds.
type refusedError struct{ error }

func (e refusedError) Unwrap() error { return e.error }

// fail puts into the result why it is none.
func (r *applied) fail(err error) {
	var mistakes lesson.Mistakes
	switch {
	case errors.As(err, &mistakes):
		for _, m := range mistakes {
			r.Mistakes = append(r.Mistakes, mistake{m.Pos.Line, m.Pos.Column, m.Message})
		}
	case err != nil:
		r.Error, r.Try = err.Error(), runner.WayOut(err)
	}
}

// completeEditSteps completes the steps of the lab that ask for a manifest.
func (a *app) completeEditSteps(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	course, err := a.loadCourse()
	if err != nil || len(args) != 1 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	lab, _ := course.Lab(args[0])
	var ids []string
	for _, step := range lab.Steps {
		if _, _, ok := step.Edit(); ok {
			ids = append(ids, step.ID+"\t"+step.Title)
		}
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}
