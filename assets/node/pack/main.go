// Pack writes a folder as a container image of one zstd layer, in the OCI archive form that "ctr images import" reads.
//
//	pack NAME DIR ENTRYPOINT [USER] > image.tar
//
// The same folder gives the same bytes: owners are root, and times are left out.
package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"runtime"

	"github.com/klauspost/compress/zstd"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) < 4 {
		log.Fatal("usage: pack NAME DIR ENTRYPOINT [USER] > image.tar")
	}
	user := ""
	if len(os.Args) > 4 {
		user = os.Args[4]
	}
	if err := pack(os.Stdout, os.Args[1], os.Args[2], os.Args[3], user); err != nil {
		log.Fatalf("pack %s: %v", os.Args[1], err)
	}
}

// pack writes the archive of one image: its layer, its configuration, its manifest, and the index that names it.
func pack(out io.Writer, name, dir, entrypoint, user string) error {
	layer, diffID, err := layerOf(dir)
	if err != nil {
		return err
	}
	config := v1.Image{Platform: v1.Platform{OS: "linux", Architecture: runtime.GOARCH}}
	config.Config = v1.ImageConfig{
		User: user, Entrypoint: []string{entrypoint},
		Env: []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
	}
	config.RootFS = v1.RootFS{Type: "layers", DiffIDs: []digest.Digest{diffID}}
	archive := &archive{out: tar.NewWriter(out)}
	manifest := v1.Manifest{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: v1.MediaTypeImageManifest}
	manifest.Layers = []v1.Descriptor{archive.blob(v1.MediaTypeImageLayerZstd, layer)}
	manifest.Config = archive.json(v1.MediaTypeImageConfig, config)
	described := archive.json(v1.MediaTypeImageManifest, manifest)
	described.Annotations = map[string]string{"io.containerd.image.name": name}
	index := v1.Index{Versioned: specs.Versioned{SchemaVersion: 2}, Manifests: []v1.Descriptor{described}}
	archive.file("index.json", archive.marshal(index))
	archive.file(v1.ImageLayoutFile, archive.marshal(v1.ImageLayout{Version: v1.ImageLayoutVersion}))
	return archive.close()
}

// archive is a tar of blobs that remembers its first error.
type archive struct {
	out *tar.Writer
	err error
}

func (a *archive) blob(mediaType string, content []byte) v1.Descriptor {
	sum := digest.FromBytes(content)
	a.file("blobs/sha256/"+sum.Encoded(), content)
	return v1.Descriptor{MediaType: mediaType, Digest: sum, Size: int64(len(content))}
}

func (a *archive) json(mediaType string, value any) v1.Descriptor {
	return a.blob(mediaType, a.marshal(value))
}

func (a *archive) marshal(value any) []byte {
	content, err := json.Marshal(value)
	if err != nil && a.err == nil {
		a.err = err
	}
	return content
}

func (a *archive) file(name string, content []byte) {
	if a.err != nil {
		return
	}
	if a.err = a.out.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}); a.err == nil {
		_, a.err = a.out.Write(content)
	}
}

func (a *archive) close() error {
	if a.err != nil {
		return a.err
	}
	return a.out.Close()
}

// layerOf returns the folder as a compressed tar, and the digest of the tar before compression.
func layerOf(dir string) ([]byte, digest.Digest, error) {
	var packed bytes.Buffer
	compressor, err := zstd.NewWriter(&packed)
	if err != nil {
		return nil, "", fmt.Errorf("start zstd: %w", err)
	}
	plain := sha256.New()
	out := tar.NewWriter(io.MultiWriter(compressor, plain))
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		return addEntry(out, dir, path, entry)
	})
	if err != nil {
		return nil, "", fmt.Errorf("read %s: %w", dir, err)
	}
	if err := out.Close(); err != nil {
		return nil, "", fmt.Errorf("end the layer: %w", err)
	}
	if err := compressor.Close(); err != nil {
		return nil, "", fmt.Errorf("compress the layer: %w", err)
	}
	return packed.Bytes(), digest.NewDigestFromEncoded(digest.SHA256, hex.EncodeToString(plain.Sum(nil))), nil
}

func addEntry(out *tar.Writer, dir, path string, entry fs.DirEntry) error {
	info, err := entry.Info()
	if err != nil {
		return err
	}
	link := ""
	if info.Mode()&fs.ModeSymlink != 0 {
		if link, err = os.Readlink(path); err != nil {
			return err
		}
	}
	name, err := filepath.Rel(dir, path)
	if err != nil {
		return err
	}
	header := &tar.Header{Name: name, Linkname: link, Mode: int64(info.Mode().Perm())}
	switch {
	case info.IsDir():
		header.Typeflag, header.Name = tar.TypeDir, name+"/"
	case link != "":
		header.Typeflag = tar.TypeSymlink
	case info.Mode().IsRegular():
		header.Typeflag, header.Size = tar.TypeReg, info.Size()
	default:
		return fmt.Errorf("%s is neither a file, a folder nor a link", name)
	}
	if err := out.WriteHeader(header); err != nil || header.Typeflag != tar.TypeReg {
		return err
	}
	return copyFile(out, path)
}

func copyFile(out io.Writer, path string) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, in.Close())
}
