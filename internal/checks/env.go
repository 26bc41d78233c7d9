package checks

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/podlab/podlab/internal/lesson"
)

// envCheck claims the value of a container's environment variable.
type envCheck struct {
	variable
	unset bool
	text  textFields
}

// variable is an environment variable of a container.
type variable struct{ pod, container, name string }

// Subject returns the pod's name.
func (v variable) Subject() string { return v.pod }

// envName is the name of an environment variable.
type envName string

// UnmarshalText accepts what a shell could name, and the dots and dashes that Kubernetes takes as well.
func (n *envName) UnmarshalText(text []byte) error {
	if len(text) == 0 || strings.ContainsAny(string(text), "= \t\n\x00$") {
		return fmt.Errorf("%q cannot be the name of an environment variable: it has no =, no $ and no space", text)
	}
	*n = envName(text)
	return nil
}

type envFields struct {
	Pod       podName       `yaml:"pod" doc:"name of the pod"`
	Container containerName `yaml:"container" doc:"name of the container"`
	Name      envName       `yaml:"name" doc:"name of the variable"`
	Set       *bool         `yaml:"set" doc:"false: the variable is not set at all (default true); an empty value is set"`
	textFields
}

type envAsk struct {
	Pod       podName       `yaml:"pod" doc:"name of the pod"`
	Container containerName `yaml:"container" doc:"name of the container"`
	Name      envName       `yaml:"name" doc:"name of the variable"`
}

func envKind() Kind {
	return Kind{
		Name: "env",
		Says: "The container that runs now was started with the environment variable, or without it. podlab asks the container runtime on the node what it was told " +
			"to set: so a value from a ConfigMap, a Secret or a field of the pod is the one that was used when this container started, and no program is needed " +
			"in the image. What the program itself, or a shell within the container, has set or changed later does not count.",
		Fields: envFields{},
		Examples: []string{
			"env: {pod: demoduo, container: demox, name: PORT, equals: 9081}",
			"env: {pod: demoduo, container: demox, name: DEBUG, set: false}",
		},
		Shows:       "The variable and its value; of the other variables only how many there are.",
		CannotTell:  "The node could not be looked at, or the runtime says nothing of the container's environment.",
		AskSays:     "The answer is the variable's value, without the white space around it.",
		AskFields:   envAsk{},
		AskExamples: []string{"answer: {env: {pod: demoduo, container: demox, name: PORT}}"},
		check:       parseEnv,
		fact:        parseEnvFact,
	}
}

func parseEnv(spec lesson.CheckSpec) (Check, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f envFields, wrong func(string, string, ...any)) {
		needVariable(f.Pod, f.Container, f.Name, wrong)
		if f.Set != nil && !*f.Set && !f.none() {
			wrong("set", "a variable that is not set has no value to claim")
		}
	})
	unset := f.Set != nil && !*f.Set
	return &envCheck{variable{string(f.Pod), string(f.Container), string(f.Name)}, unset, f.textFields}, mistakes
}

func parseEnvFact(spec lesson.CheckSpec) (Fact, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f envAsk, wrong func(string, string, ...any)) {
		needVariable(f.Pod, f.Container, f.Name, wrong)
	})
	return envFact{variable{string(f.Pod), string(f.Container), string(f.Name)}}, mistakes
}

func needVariable(pod podName, container containerName, name envName, wrong func(string, string, ...any)) {
	needContainer(pod, container, wrong)
	if name == "" {
		wrong("", "no variable is named (name: NAME)")
	}
}

func (*envCheck) Kind() string { return "env" }

func (k *envCheck) Title() string {
	return fmt.Sprintf("%s: %s in %s: %s", k.pod, k.name, k.container, k.want())
}

func (k *envCheck) want() string {
	switch {
	case k.unset:
		return "not set"
	case k.text.none():
		return "set"
	}
	return k.text.want()
}

func (k *envCheck) Eval(ctx context.Context, c Cluster) Result {
	value, set, r := k.read(ctx, c)
	if r.Verdict == Pass {
		switch {
		case set == k.unset:
			r = unlike(r, []Mismatch{{k.name, k.want(), r.Got}})
		case set:
			r = unlike(r, k.text.differs(k.name, value))
		}
	}
	r.Want = k.want()
	return r
}

// read returns the variable's value with a pass, or the result that says why it is not known.
func (v variable) read(ctx context.Context, c Cluster) (value string, set bool, r Result) {
	s, m, r := lookAtOne(ctx, c, v.pod, v.container)
	if s == nil {
		return "", false, r
	}
	in, r := s.inside(ctx, c)
	if in == nil {
		return "", false, r
	}
	all, known := in.Env[m.id]
	if !known {
		return "", false, cannotTell("nothing is known of "+v.container+"'s environment",
			fmt.Sprintf("node %s says nothing of container %.12s", s.node.Node, m.id), "look again, or podlab doctor")
	}
	r = Result{Verdict: Pass, Got: "not set"}
	r.Evidence.Command = fmt.Sprintf("kubectl exec %s -c %s -- printenv %s; echo $?", v.pod, v.container, shellWords([]string{v.name}))
	r.Evidence.Notes = []string{fmt.Sprintf("the runtime was told to set %d variables", len(all))}
	// Where a name is given twice, the runtime keeps the last.
	for _, entry := range slices.Backward(all) {
		if name, found, _ := strings.Cut(entry, "="); name == v.name {
			r.Got, r.Evidence.Rows = quote(found), append(strings.Split(found, "\n"), "0")
			return found, true, r
		}
	}
	r.Evidence.Rows = []string{"1"}
	return "", false, r
}

type envFact struct{ variable }

func (envFact) Kind() string { return "env" }

func (f envFact) Value(ctx context.Context, c Cluster) (string, Result) {
	value, set, r := f.read(ctx, c)
	switch {
	case r.Verdict != Pass:
		return "", r
	case !set:
		r.Verdict, r.Got = NotYet, fmt.Sprintf("%s is not set in %s", f.name, f.container)
		return "", r
	case strings.TrimSpace(value) == "":
		r.Verdict, r.Got = NotYet, fmt.Sprintf("%s is empty in %s", f.name, f.container)
		return "", r
	}
	return strings.TrimSpace(value), r
}
