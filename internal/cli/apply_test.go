package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/podlab/podlab/internal/runner"
)

func TestTheStepThatIsMeant(t *testing.T) {
	none, one, two := editLab("none"), editLab("one", "mend-it"), editLab("two", "mend-it", "write-it")
	for name, tc := range map[string]struct {
		req        applyRequest
		json       bool
		want, says string
	}{
		"the only one":         {req: applyRequest{lab: one}, want: "mend-it"},
		"the named one":        {req: applyRequest{lab: two, step: "write-it"}, want: "write-it"},
		"a file needs none":    {req: applyRequest{lab: none, file: "-"}},
		"a file for a step":    {req: applyRequest{lab: two, file: "x.yaml", step: "mend-it"}, want: "mend-it"},
		"one of two":           {req: applyRequest{lab: two}, says: "lab two asks for a manifest in: --step mend-it, --step write-it"},
		"none":                 {req: applyRequest{lab: none}, says: "no step of lab none asks for a manifest of yours; name a file with -f"},
		"no such step":         {req: applyRequest{lab: one, step: "x"}, says: "--step x: lab one asks for a manifest in: --step mend-it"},
		"start and path":       {req: applyRequest{lab: one, start: true, path: true}, says: "--start, --path and --file: one of them"},
		"a file and its path":  {req: applyRequest{lab: one, file: "-", path: true}, says: "--start, --path and --file: one of them"},
		"the start as JSON":    {req: applyRequest{lab: one, start: true}, json: true, says: "--json does not go with them"},
		"the path as JSON":     {req: applyRequest{lab: one, path: true}, json: true, says: "--json does not go with them"},
		"the start of the one": {req: applyRequest{lab: one, start: true}, want: "mend-it"},
	} {
		err := tc.req.chooseStep(tc.json)
		var usage usageError
		switch {
		case tc.says == "" && (err != nil || tc.req.step != tc.want):
			t.Errorf("%s: step %q, %v", name, tc.req.step, err)
		case tc.says != "" && (!errors.As(err, &usage) || !strings.HasSuffix(err.Error(), tc.says)):
			t.Errorf("%s: %v, want %q", name, err, tc.says)
		}
	}
}

// Whatever goes wrong, --json prints one object, and says in it what.
func TestApplyAsJSON(t *testing.T) {
	for name, tc := range map[string]struct {
		req  applyRequest
		text string // of the learner's file; "/" for a folder in its place
		want string
		exit int
	}{
		"no such step": {
			req:  applyRequest{step: "x"},
			want: `{"lab":"mend","step":"x","file":"","objects":[],"error":"--step x: lab mend asks for a manifest in: --step mend-it"}`,
			exit: exitUsage,
		},
		"a mistake": {
			text: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labls: {}}\n",
			want: `{"lab":"mend","step":"mend-it","file":"FILE","objects":[],"mistakes":[{"line":3,"column":21,` +
				`"message":"ConfigMap \"a\": unknown field \"metadata.labls\" (did you mean \"labels\"?)"}]}`,
			exit: exitLesson,
		},
		"her file is none": {
			text: "/",
			want: `{"lab":"mend","step":"mend-it","file":"FILE","objects":[],` +
				`"error":"read your manifest: FILE is not a regular file","try":"look at FILE; podlab reset mend puts it aside"}`,
			exit: exitEnvironment,
		},
		"no such file": {
			req:  applyRequest{file: "no/such/file"},
			want: `{"lab":"mend","file":"no/such/file","objects":[],"error":"read the manifest: open no/such/file: no such file or directory"}`,
			exit: exitUsage,
		},
	} {
		ownState(t)
		var out bytes.Buffer
		a := &app{Deps: Deps{Out: &out, Err: new(bytes.Buffer)}, json: true, name: "podlab"}
		path := a.draftFolder().Path("mend", "mend-it")
		begun := os.MkdirAll(filepath.Dir(path), 0o700)
		if tc.text == "/" {
			begun = os.MkdirAll(path, 0o700)
		} else if begun == nil {
			begun = os.WriteFile(path, []byte(tc.text), 0o600)
		}
		if begun != nil {
			t.Fatal(begun)
		}
		tc.req.lab = editLab("mend", "mend-it")
		err := a.apply(t.Context(), tc.req)
		got := strings.ReplaceAll(compact(t, out.Bytes()), path, "FILE")
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if exit := a.exit(t.Context(), err); exit != tc.exit {
			t.Errorf("%s: exit %d, %v, %s", name, exit, err, runner.WayOut(err))
		}
	}
}

func compact(t *testing.T, data []byte) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, data); err != nil {
		t.Fatalf("%v: %s", err, data)
	}
	return b.String()
}
