package cluster

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
)

// findMade returns the images that podlab built, by name or, without one, by ID. Those that it keeps for the next time, and
// those that it fetched, are among them only with all.
func (c *Cluster) findMade(ctx context.Context, rec record, all bool) ([]string, error) {
	cli, err := c.docker(ctx)
	if err != nil {
		return nil, err
	}
	refs := map[string]bool{}
	list, err := cli.ImageList(ctx, image.ListOptions{Filters: filters.NewArgs(filters.Arg("label", c.madeLabel()+"=true"))})
	if err != nil {
		return nil, fmt.Errorf("list podlab's images: %w", dockerErr(ctx, err))
	}
	for _, img := range list {
		if img.Labels[c.baseLabel()] == "true" && !all {
			continue
		}
		own, err := c.ownRefs(ctx, img)
		if err != nil {
			return nil, err
		}
		for _, ref := range own {
			refs[ref] = true
		}
	}
	if !all {
		return slices.Sorted(maps.Keys(refs)), nil
	}
	for _, ref := range rec.Images {
		id, err := c.imageID(ctx, ref)
		if err != nil {
			return nil, err
		}
		if id != "" {
			refs[ref] = true
		}
	}
	return slices.Sorted(maps.Keys(refs)), nil
}

// ownRefs returns the names that podlab gave to an image, or the ID of one of its own that lost its name to a newer one.
// The user may have given podlab's images other names, and made images of them: those stay.
func (c *Cluster) ownRefs(ctx context.Context, img image.Summary) ([]string, error) {
	var refs []string
	named := false
	for _, tag := range img.RepoTags {
		if strings.HasPrefix(tag, "<none>") {
			continue
		}
		named = true
		if strings.HasPrefix(tag, c.owner+"/") {
			refs = append(refs, tag)
		}
	}
	if named {
		return refs, nil
	}
	own, err := c.builtNameless(ctx, img)
	if own {
		refs = append(refs, img.ID)
	}
	return refs, err
}

// builtNameless says whether an image without a name is podlab's own. Labels do not tell: an image that somebody made of a
// lab's inherits them all. But the set-up writes them in its last step, so that in such an image others come after it.
// What is made of a base image is podlab's in any case: an interrupted set-up left it.
func (c *Cluster) builtNameless(ctx context.Context, img image.Summary) (bool, error) {
	if img.Labels[c.inputsLabel()] == "" {
		return false, nil
	}
	if img.Labels[c.baseLabel()] == "true" {
		return true, nil
	}
	cli, err := c.docker(ctx)
	if err != nil {
		return false, err
	}
	steps, err := cli.ImageHistory(ctx, img.ID)
	if errdefs.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look how image %s was made: %w", img.ID, dockerErr(ctx, err))
	}
	return len(steps) > 0 && strings.Contains(steps[0].CreatedBy, "LABEL "+c.owner+"."), nil
}

func (c *Cluster) removeImage(ctx context.Context, ref string) error {
	cli, err := c.docker(ctx)
	if err != nil {
		return err
	}
	if _, err := cli.ImageRemove(ctx, ref, image.RemoveOptions{PruneChildren: true}); err != nil && !errdefs.IsNotFound(err) {
		return fmt.Errorf("delete image %s: %w", ref, dockerErr(ctx, err))
	}
	return c.ledger.dropImage(ref)
}

// forgetImages takes the images that Docker has no more out of the ledger.
func (c *Cluster) forgetImages(ctx context.Context) error {
	rec, err := c.ledger.read()
	if err != nil {
		return err
	}
	for _, ref := range rec.Images {
		id, err := c.imageID(ctx, ref)
		if err == nil && id == "" {
			err = c.ledger.dropImage(ref)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
