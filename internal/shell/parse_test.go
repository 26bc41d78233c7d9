package shell

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseRefuses(t *testing.T) {
	for script, want := range map[string]Mistakes{
		"ls\ndocker run x":          {{2, 1, onlyNodes}},
		"docker ps":                 {{1, 1, onlyNodes}},
		"x=$(docker 'rm' y)":        {{1, 5, onlyNodes}},
		"command docker rm y":       {{1, 1, onlyNodes}},
		"docker exec -u 0 $NODE ps": {{1, 1, "podlab's docker exec knows the flags -i, -t and -e, not -u"}},
		"echo x > out.txt":          {{1, 8, "out.txt: " + noFiles}},
		"cat < in.txt\necho x >>y":  {{1, 5, "in.txt: " + noFiles}, {2, 8, "y: " + noFiles}},
		"diff <(ls) <(ls)": {
			{1, 6, "process substitution is not for a lesson's commands: use a pipe or a variable"},
			{1, 12, "process substitution is not for a lesson's commands: use a pipe or a variable"},
		},
		`if true; then eval "$x"; fi`: {{1, 15, `"eval" is not for a lesson's commands: podlab could not check what it runs`}},
		"if true; then":               {{1, 10, "`then` must be followed by a statement list"}},
	} {
		err := Parse(script)
		var got Mistakes
		if !errors.As(err, &got) {
			t.Errorf("%s: %v, want Mistakes", script, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", script, diff)
		}
	}
}

func TestParseTakes(t *testing.T) {
	for _, script := range []string{
		"", "# only a comment", "docker exec $NODE ps -eo pid | grep php", "docker exec -it \"$NODE\" ps",
		"docker exec $(kubectl get pod duo -o jsonpath={.spec.nodeName}) lsns", "ls >/dev/null 2>&1",
		"cat <<'EOF'\ndocker run x\nEOF", "echo docker run", "kubectl exec a -- sh -c 'echo x > /tmp/y'", "cat <<< x",
	} {
		if err := Parse(script); err != nil {
			t.Errorf("%q: %v", script, err)
		}
	}
}

// FuzzParse checks that any text is either taken or refused with a place, and that nothing crashes.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"docker exec $NODE ps", "a <(b) > c", "x=$(y", "cat <<E\nx\nE", "docker exec -e", "command", "''"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, script string) {
		err := Parse(script)
		var all Mistakes
		if err == nil {
			return
		}
		if !errors.As(err, &all) || len(all) == 0 {
			t.Fatalf("%q: %v is not Mistakes", script, err)
		}
		for _, m := range all {
			if m.Line < 1 || m.Column < 1 || m.Message == "" {
				t.Errorf("%q: %+v says no place or no reason", script, m)
			}
		}
	})
}
