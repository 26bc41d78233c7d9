// Package images knows the labs' images: one folder each, built by assets/setup/images.sh.
package images

import (
	"embed"
	"regexp"
)

//go:embed */Dockerfile
var dockerfiles embed.FS

// Names returns the names of the images that the set-up builds, as manifests say them: "demo:1.0.0". Each Dockerfile says
// its own in the label podlab.image.
func Names() []string {
	label := regexp.MustCompile(`(?m)^LABEL podlab\.image=(\S+)$`)
	var names []string
	folders, _ := dockerfiles.ReadDir(".")
	for _, folder := range folders {
		text, _ := dockerfiles.ReadFile(folder.Name() + "/Dockerfile")
		if m := label.FindSubmatch(text); m != nil {
			names = append(names, string(m[1]))
		}
	}
	return names
}
