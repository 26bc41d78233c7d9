// Weigh prints what the given Docker images weigh together, layer by layer: a layer that several share counts once. It
// fails when that is more than the budget.
package main

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
)

// budget is what all lab images together may weigh.
const budget = 150e6

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "weigh:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, names []string) error {
	layers, err := save(names)
	if err != nil {
		return err
	}
	total := printTable(w, layers)
	if total > budget {
		return fmt.Errorf("%.1f MB, more than %.0f MB", float64(total)/1e6, budget/1e6)
	}
	return nil
}

// layer is one layer, and the images that it is in.
type layer struct {
	bytes int64
	in    []string
}

// save reads the archive of the images that Docker writes.
func save(names []string) ([]layer, error) {
	cmd := exec.Command("docker", append([]string{"save"}, names...)...)
	cmd.Stderr = os.Stderr
	archive, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	layers, err := read(archive)
	_, _ = io.Copy(io.Discard, archive) // what comes after the end of the archive
	return layers, errors.Join(err, cmd.Wait())
}

// read finds the layers of an archive, the heaviest first. A link stands for a layer that is there already.
func read(archive io.Reader) ([]layer, error) {
	sizes, links := map[string]int64{}, map[string]string{}
	var images []struct{ RepoTags, Layers []string }
	for r := tar.NewReader(archive); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		switch {
		case h.Name == "manifest.json":
			if err := json.NewDecoder(r).Decode(&images); err != nil {
				return nil, err
			}
		case h.Typeflag == tar.TypeSymlink:
			links[h.Name] = path.Join(path.Dir(h.Name), h.Linkname)
		default:
			sizes[h.Name] = h.Size
		}
	}
	found := map[string]*layer{}
	for _, image := range images {
		for _, name := range image.Layers {
			if target, linked := links[name]; linked {
				name = target
			}
			size, there := sizes[name]
			if !there {
				return nil, fmt.Errorf("the archive lacks the layer %s of %s", name, image.RepoTags)
			}
			if found[name] == nil {
				found[name] = &layer{bytes: size}
			}
			found[name].in = append(found[name].in, strings.Join(image.RepoTags, ","))
		}
	}
	return sorted(found), nil
}

func sorted(found map[string]*layer) []layer {
	var layers []layer
	for _, l := range found {
		slices.Sort(l.in)
		layers = append(layers, *l)
	}
	slices.SortFunc(layers, func(a, b layer) int {
		if a.bytes != b.bytes {
			return int(b.bytes - a.bytes)
		}
		return slices.Compare(a.in, b.in)
	})
	return layers
}

// printTable prints one row per layer and returns the sum.
func printTable(w io.Writer, layers []layer) (total int64) {
	for _, l := range layers {
		fmt.Fprintf(w, "%9.3f MB  %s\n", float64(l.bytes)/1e6, strings.Join(l.in, " "))
		total += l.bytes
	}
	fmt.Fprintf(w, "%9.3f MB  in %d layers\n", float64(total)/1e6, len(layers))
	return total
}
