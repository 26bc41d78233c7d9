package cluster

import (
	"context"
	"fmt"
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
	for _, s := range sources {
		if have[s.ref] == s.id {
			continue
		}
		ph.say("%s on %s", s.name, node)
		if err := c.importImage(ctx, node, s); err != nil {
			return fmt.Errorf("put image %s on %s: %w", s.name, node, err)
		}
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

// importScript imports an archive and gives the image its name on the node: $1 the name in the archive, $2 the one that
// manifests mean, $3 Docker's ID. The mark comes last, so that an import that was cut short counts as missing. Only the
// node's own platform is imported: archives of Docker's newer image store name others whose content they lack.
const importScript = `set -e
ctr -n k8s.io images import - >/dev/null
if [ "$1" != "$2" ]; then
	ctr -n k8s.io images tag --force "$1" "$2" >/dev/null
	ctr -n k8s.io images rm "$1" >/dev/null
fi
ctr -n k8s.io images label "$2" ` + imageMark + `="$3" >/dev/null`

// importImage streams Docker's image straight into the node's containerd; nothing is written on the way.
func (c *Cluster) importImage(ctx context.Context, node string, s source) error {
	cli, err := c.docker(ctx)
	if err != nil {
		return err
	}
	archive, err := cli.ImageSave(ctx, []string{s.from})
	if err != nil {
		return fmt.Errorf("save it: %w", dockerErr(ctx, err))
	}
	defer func() { _ = archive.Close() }()
	_, err = c.output(ctx, node, archive, "sh", "-c", importScript, "sh", fullName(s.from), s.ref, s.id)
	return err
}
