package cluster

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/podlab/podlab/assets/images"
)

// imageMark is the label by which an image on a node says which of Docker's images it is.
const imageMark = "podlab.id"

// source is one image that a lab needs, and where Docker has it.
type source struct {
	name string // as manifests say it: "demo:1.0.0"
	ref  string // in full, as the node must know it: "docker.io/library/demo:1.0.0"
	from string // Docker's name: "podlab/demo:1.0.0"
	id   string // Docker's ID of it
}

// fullName returns an image's name in full, as a container runtime knows it.
func fullName(name string) string {
	if slash := strings.LastIndexByte(name, '/'); !strings.ContainsAny(name[slash+1:], ":@") {
		name += ":latest"
	}
	first, _, nested := strings.Cut(name, "/")
	switch {
	case !nested:
		return "docker.io/library/" + name
	case first == "localhost" || strings.ContainsAny(first, ".:"):
		return name
	}
	return "docker.io/" + name
}

// findImages finds the images that labs need among Docker's. podlab's own, "podlab/NAME", is used before NAME, so that
// an image of the user's that happens to have the same name is neither used nor touched. An image that is named twice is
// found once.
func (c *Cluster) findImages(ctx context.Context, names []string) ([]source, error) {
	sources := make([]source, 0, len(names))
	for _, name := range distinct(names) {
		s := source{name: name, ref: fullName(name)}
		for _, from := range []string{c.owner + "/" + name, name} {
			id, err := c.imageID(ctx, from)
			if err != nil {
				return nil, err
			}
			if id != "" {
				s.from, s.id = from, id
				break
			}
		}
		if s.id == "" {
			return nil, c.noImage(name)
		}
		sources = append(sources, s)
	}
	return sources, nil
}

// distinct returns the names without those that mean the same image as one before.
func distinct(names []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		ref := fullName(name)
		known := seen[ref]
		seen[ref] = true
		return known
	})
}

// noImage is the error for a lab's image that Docker does not have. What the set-up does not build, the user must fetch.
func (c *Cluster) noImage(name string) error {
	if slices.Contains(images.Names(), name) {
		return wrong(ErrNoImage, tryLab, "the labs need %s, and Docker has neither %s/%s nor %s", name, c.owner, name, name)
	}
	return wrong(ErrNoImage, "docker pull "+name, "the labs need %s, and Docker does not have it", name)
}

// putImages puts the images on each of the nodes where they are missing or are others than Docker's. A node may take as
// long as the limit until it answers.
func (c *Cluster) putImages(ctx context.Context, p *phases, nodes []string, sources []source, limit time.Duration) error {
	if len(sources) == 0 {
		return nil
	}
	ph := p.start(phaseImages)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(2)
	for _, node := range nodes {
		g.Go(func() error { return c.putOn(ctx, ph, node, sources, limit) })
	}
	return ph.end(g.Wait())
}

// putOn puts the images on one node.
func (c *Cluster) putOn(ctx context.Context, ph *phase, node string, sources []source, limit time.Duration) error {
	list, err := c.listImages(ctx, ph, node, limit)
	if err != nil {
		return err
	}
	have := parseImages(list)
	missing := slices.DeleteFunc(slices.Clone(sources), func(s source) bool { return have[s.ref] == s.id })
	if len(missing) == 0 {
		return nil
	}
	what := missing[0].name
	if len(missing) > 1 {
		what = fmt.Sprintf("%d images", len(missing))
	}
	ph.say("%s on %s", what, node)
	if err := c.importImages(ctx, ph, node, missing); err != nil {
		return fmt.Errorf("put %s on %s: %w", what, node, err)
	}
	return nil
}

// listImages lists the images on a node with their labels. On a node that was just started or made, containerd may need a
// while until it answers.
func (c *Cluster) listImages(ctx context.Context, ph *phase, node string, limit time.Duration) (string, error) {
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var cause error // the last that was not the limit's own
	for {
		list, err := c.output(bounded, node, nil, "ctr", "-n", "k8s.io", "images", "ls")
		if err == nil {
			return string(list), nil
		}
		if cause == nil || bounded.Err() == nil {
			cause = err
		}
		ph.say("waiting for containerd on %s", node)
		select {
		case <-bounded.Done():
			return "", c.notReady(ctx, "containerd on "+node+" does not answer", cause, limit)
		case <-time.After(300 * time.Millisecond):
		}
	}
}

// parseImages reads "ctr images ls" and returns Docker's ID of each image by its name; "" if the image has no mark.
func parseImages(list string) map[string]string {
	have := map[string]string{}
	for line := range strings.Lines(list) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] == "REF" {
			continue
		}
		have[fields[0]] = ""
		for label := range strings.SplitSeq(fields[len(fields)-1], ",") {
			if id, ok := strings.CutPrefix(label, imageMark+"="); ok {
				have[fields[0]] = id
			}
		}
	}
	return have
}

// importScript imports an archive and gives the images their names on the node. For each image come three arguments: the
// name in the archive, the one that manifests mean, Docker's ID; then "--" and the names that nothing means. The mark comes
// after the name, so that an import that was cut short counts as missing. Only the node's own platform is imported:
// archives of Docker's newer image store name others whose content they lack.
const importScript = `set -e
ctr -n k8s.io images import - >/dev/null
while [ "$1" != -- ]; do
	[ "$1" = "$2" ] || ctr -n k8s.io images tag --force "$1" "$2" >/dev/null
	ctr -n k8s.io images label "$2" ` + imageMark + `="$3" >/dev/null
	shift 3
done
shift
[ $# = 0 ] || ctr -n k8s.io images rm "$@" >/dev/null`

// importArgs returns the arguments of importScript.
func importArgs(sources []source) []string {
	var args, spare []string
	for _, s := range sources {
		from := fullName(s.from)
		args = append(args, from, s.ref, s.id)
		if !slices.ContainsFunc(sources, func(o source) bool { return o.ref == from }) {
			spare = append(spare, from)
		}
	}
	slices.Sort(spare)
	return append(append(args, "--"), slices.Compact(spare)...)
}

// importImages streams Docker's images straight into the node's containerd; nothing is written on the way. They go in one
// archive, which holds the layers that they share only once.
func (c *Cluster) importImages(ctx context.Context, ph *phase, node string, sources []source) error {
	cli, err := c.docker(ctx)
	if err != nil {
		return err
	}
	var names []string
	for _, s := range sources {
		names = append(names, s.from)
	}
	archive, err := cli.ImageSave(ctx, names)
	if err != nil {
		return fmt.Errorf("save from Docker: %w", dockerErr(ctx, err))
	}
	defer func() { _ = archive.Close() }()
	argv := append([]string{"sh", "-c", importScript, "sh"}, importArgs(sources)...)
	_, err = c.output(ctx, node, &followed{Reader: archive, say: func(mb int64) { ph.say("%d MB on %s", mb, node) }}, argv...)
	return err
}

// followed is a reader that says at every 10 MB how much was read.
type followed struct {
	io.Reader
	say  func(mb int64)
	read int64
}

func (f *followed) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	const step = 10e6
	before := f.read / step
	f.read += int64(n)
	if f.read/step > before {
		f.say(f.read / step * 10)
	}
	return n, err
}
