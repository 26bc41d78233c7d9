package checks

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/podlab/podlab/internal/node"
)

// The field types below refuse a bad value while the lesson is read, so that every bad value is found at once.

// podName is the name of a pod.
type podName string

// UnmarshalText accepts what Kubernetes accepts as a pod's name.
func (n *podName) UnmarshalText(text []byte) error {
	if wrong := validation.IsDNS1123Subdomain(string(text)); len(wrong) > 0 {
		return fmt.Errorf("%q cannot be the name of a pod: small letters, digits, - and . only", text)
	}
	*n = podName(text)
	return nil
}

// containerName is the name of a container.
type containerName string

// UnmarshalText accepts what Kubernetes accepts as a container's name.
func (n *containerName) UnmarshalText(text []byte) error {
	if wrong := validation.IsDNS1123Label(string(text)); len(wrong) > 0 {
		return fmt.Errorf("%q cannot be the name of a container: small letters, digits and - only", text)
	}
	*n = containerName(text)
	return nil
}

// ratio is "ready/total", as kubectl get pod prints it.
type ratio struct{ ready, total int }

// UnmarshalText reads "2/2".
func (r *ratio) UnmarshalText(text []byte) error {
	left, right, ok := strings.Cut(string(text), "/")
	ready, err1 := strconv.Atoi(left)
	total, err2 := strconv.Atoi(right)
	if !ok || err1 != nil || err2 != nil {
		return fmt.Errorf("want ready/total, as 2/2, found %q", text)
	}
	if ready < 0 || total < 1 || ready > total {
		return fmt.Errorf("%q can never be: want 0 to total ready, and a total of 1 or more", text)
	}
	*r = ratio{ready, total}
	return nil
}

func (r ratio) String() string { return fmt.Sprintf("%d/%d", r.ready, r.total) }

// count is a number of processes. A namespace that has a row in lsns has at least one.
type count int

// UnmarshalText reads a whole number from 1.
func (c *count) UnmarshalText(text []byte) error {
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 1 {
		return fmt.Errorf("want a number of processes, 1 or more, found %q", text)
	}
	*c = count(n)
	return nil
}

// nsType is a namespace type in a lesson.
type nsType node.Type

// UnmarshalText accepts the types that lsns prints.
func (t *nsType) UnmarshalText(text []byte) error {
	if !slices.Contains(node.Types(), node.Type(text)) {
		var names []string
		for _, known := range node.Types() {
			names = append(names, string(known))
		}
		return fmt.Errorf("unknown namespace type %q%s", text, orOneOf(string(text), names))
	}
	*t = nsType(text)
	return nil
}

// shimName is the program name of a containerd shim.
type shimName string

// UnmarshalText accepts a bare program name: the check proves that the parent is the pod's own shim, and no other
// program can be that.
func (n *shimName) UnmarshalText(text []byte) error {
	name := string(text)
	if path.Base(name) != name || !strings.HasPrefix(name, "containerd-shim") {
		return fmt.Errorf("want the program name of a containerd shim, as containerd-shim-runc-v2, found %q", name)
	}
	*n = shimName(name)
	return nil
}

// command is a program's name or a whole command line.
type command string

// UnmarshalText refuses an empty one, and takes any run of spaces for one space.
func (c *command) UnmarshalText(text []byte) error {
	*c = command(strings.Join(strings.Fields(string(text)), " "))
	if *c == "" {
		return fmt.Errorf("want a program's name or a whole command line, found nothing")
	}
	return nil
}

// typeSet is a set of namespace types, one bit for each of node.Types.
type typeSet uint8

func setOf(types []nsType) typeSet {
	var set typeSet
	for i, t := range node.Types() {
		if slices.Contains(types, nsType(t)) {
			set |= 1 << i
		}
	}
	return set
}

// types returns the members in alphabetical order.
func (s typeSet) types() []node.Type {
	var types []node.Type
	for i, t := range node.Types() {
		if s&(1<<i) != 0 {
			types = append(types, t)
		}
	}
	return types
}

func (s typeSet) String() string { return join(s.types()) }

// join lists names in one line.
func join[S ~string](names []S) string {
	texts := make([]string, len(names))
	for i, name := range names {
		texts[i] = string(name)
	}
	return strings.Join(texts, ", ")
}
