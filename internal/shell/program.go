package shell

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/interp"
)

const onlyNodes = "podlab runs docker exec on the cluster's own nodes only"

// call is one program to run in a node.
type call struct {
	node      string
	argv, env []string
	noStdin   bool
}

// program runs one simple command of a script. The interpreter calls it for everything that is not a builtin or a function.
func (r *run) program(ctx context.Context, args []string) error {
	if !r.programs.begin() {
		return context.Canceled // its script has ended
	}
	defer r.programs.running.Done()
	hc := interp.HandlerCtx(ctx)
	c, refusal := r.call(hc.Env, args)
	if refusal != "" {
		fmt.Fprintln(hc.Stderr, refusal)
		return interp.ExitStatus(exitNotHere)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var stdin io.Reader // a nil *input in it would not be nil
	in := newInput(hc.Stdin)
	if in != nil && !c.noStdin {
		stdin = in
		defer in.release()
	}
	out := &output{w: &counted{r.budget, hc.Stdout}, end: cancel}
	code, err := r.exec(ctx, c.node, c.argv, c.env, stdin, out, &counted{r.budget, hc.Stderr})
	switch {
	case out.broken.Load():
		return interp.ExitStatus(exitBrokenPipe)
	case err != nil:
		return err
	case code != 0:
		return interp.ExitStatus(uint8(code))
	}
	return nil
}

// call decides where the command runs, or says why it does not.
func (r *run) call(env expand.Environ, args []string) (call, string) {
	switch args[0] {
	case "kubectl":
		return call{node: r.nodes[0], argv: kubectl(args, r.env.Namespace), env: exportedFrom(env)}, ""
	case "docker":
		return r.dockerExec(args)
	}
	return call{node: r.env.Node, argv: args, env: exportedFrom(env)}, ""
}

// kubectl puts the lab's namespace into a kubectl command line that names none.
func kubectl(args []string, namespace string) []string {
	for _, arg := range args[1:] {
		if arg == "--" {
			break
		}
		if name, _, _ := strings.Cut(arg, "="); name == "--namespace" || name == "--all-namespaces" ||
			strings.HasPrefix(arg, "-n") || arg == "-A" {
			return args
		}
	}
	return slices.Concat([]string{"kubectl", "--namespace", namespace}, args[1:])
}

// dockerExec turns "docker exec [-it] [-e NAME=VALUE] NODE COMMAND..." into a call, and refuses all else.
func (r *run) dockerExec(args []string) (call, string) {
	flags, rest, refusal := splitDockerExec(args)
	switch {
	case refusal != "":
		return call{}, refusal
	case len(rest) == 0 || !slices.Contains(r.nodes, rest[0]):
		return call{}, onlyNodes
	case len(rest) == 1:
		return call{}, "docker exec: no command for " + rest[0]
	}
	return call{node: rest[0], argv: rest[1:], env: flags.env, noStdin: !flags.interactive}, ""
}

// execFlags are the flags of docker exec that a lesson may use. There is no terminal, so -t changes nothing.
type execFlags struct {
	interactive bool
	env         []string
}

// splitDockerExec splits a docker command line into flags and the rest: the container and its command.
func splitDockerExec(args []string) (flags execFlags, rest []string, refusal string) {
	if len(args) < 2 || args[1] != "exec" {
		return flags, nil, onlyNodes
	}
	rest = args[2:]
	for len(rest) > 0 && strings.HasPrefix(rest[0], "-") {
		flag, value, has := strings.Cut(rest[0], "=")
		rest = rest[1:]
		switch flag {
		case "-i", "-it", "-ti", "--interactive":
			flags.interactive = true
		case "-t", "--tty":
		case "-e", "--env":
			if !has && len(rest) > 0 {
				value, rest = rest[0], rest[1:]
			}
			flags.env = append(flags.env, value)
		default:
			return flags, nil, "podlab's docker exec knows the flags -i, -t and -e, not " + flag
		}
	}
	return flags, rest, ""
}

// exportedFrom returns the variables that the script exports, as a program gets them.
func exportedFrom(env expand.Environ) []string {
	var all []string
	for name, v := range env.Each {
		if isExported(name, v) {
			all = append(all, name+"="+v.Str)
		}
	}
	slices.Sort(all)
	return all
}
