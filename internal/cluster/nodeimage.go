package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/image"
	"sigs.k8s.io/kind/pkg/apis/config/defaults"
)

// How long a registry may be silent: before its first word on the image, and later.
const (
	limitFirstWord = 10 * time.Second
	limitSilence   = 30 * time.Second
)

// isKindImage says whether the image is one of kind's own.
func isKindImage(ref string) bool {
	name, _, _ := strings.Cut(defaults.Image, ":")
	return strings.HasPrefix(ref, name+":") || strings.HasPrefix(ref, name+"@") || strings.Contains(ref, "/"+name+":")
}

// nodeImage returns the image that new nodes are made of, and sees to it that Docker has it: the one that was asked for,
// else kind's default if it is there, else the offline one if that is, else kind's default from its registry.
func (c *Cluster) nodeImage(ctx context.Context, p *phases) (string, error) {
	candidates := []string{defaults.Image, offlineNodeImage}
	if c.cfg.Image != "" {
		candidates = []string{c.cfg.Image}
	}
	for _, ref := range candidates {
		id, err := c.imageID(ctx, ref)
		if err != nil {
			return "", err
		}
		if id != "" {
			return ref, nil
		}
	}
	ref := candidates[0]
	ph := p.start(phasePull)
	ph.say("%s", ref)
	if err := c.ledger.addImage(ref); err != nil {
		return "", ph.end(err)
	}
	return ref, ph.end(c.pull(ctx, ref, ph))
}

// imageID returns the ID of Docker's image with that name, "" if Docker has none.
func (c *Cluster) imageID(ctx context.Context, ref string) (string, error) {
	cli, err := c.docker(ctx)
	if err != nil {
		return "", err
	}
	info, err := cli.ImageInspect(ctx, ref)
	if errdefs.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("inspect image %s: %w", ref, dockerErr(ctx, err))
	}
	return info.ID, nil
}

// pull fetches a node image. A registry that is silent for too long ends it.
func (c *Cluster) pull(ctx context.Context, ref string, ph *phase) error {
	cli, err := c.docker(ctx)
	if err != nil {
		return err
	}
	pulling, cancel := context.WithCancel(ctx)
	defer cancel()
	silence := time.AfterFunc(limitFirstWord, cancel)
	defer silence.Stop()
	stream, err := cli.ImagePull(pulling, ref, image.PullOptions{})
	if err == nil {
		defer func() { _ = stream.Close() }()
		err = followPull(stream, func(detail string) {
			silence.Reset(limitSilence)
			ph.say("%s", detail)
		})
	}
	if err == nil || ctx.Err() != nil {
		return firstOf(ctx, err)
	}
	_ = c.ledger.dropImage(ref) // Docker keeps nothing of an image that it could not fetch whole
	if pulling.Err() != nil {
		err = errors.New("its registry does not answer")
	}
	return wrong(ErrNoImage, tryLab, "node image %s: %v", ref, err)
}

// pullMessage is one line of what Docker says while it fetches an image.
type pullMessage struct {
	ID       string `json:"id"`
	Status   string `json:"status"`
	Error    string `json:"error"`
	Progress struct {
		Current, Total int64
	} `json:"progressDetail"`
}

// followPull reads Docker's lines to the end and says how many megabytes are there of those known so far.
func followPull(stream io.Reader, say func(string)) error {
	current, total := map[string]int64{}, map[string]int64{}
	for lines := json.NewDecoder(stream); ; {
		var m pullMessage
		if err := lines.Decode(&m); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return fmt.Errorf("read Docker's progress: %w", err)
		}
		if m.Error != "" {
			return errors.New(m.Error)
		}
		if m.Status == "Downloading" {
			current[m.ID], total[m.ID] = m.Progress.Current, m.Progress.Total
		}
		if m.Status == "Download complete" {
			current[m.ID] = total[m.ID]
		}
		if all := sum(total); all > 0 {
			say(fmt.Sprintf("%d of %d MB", sum(current)/1e6, all/1e6))
		}
	}
}

func sum(m map[string]int64) (n int64) {
	for _, v := range m {
		n += v
	}
	return n
}
