package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

func TestPackedImageCarriesTheFolder(t *testing.T) {
	dir := folder(t)
	var out bytes.Buffer
	if err := pack(&out, "example/app:1", dir, "/bin/app", "65535"); err != nil {
		t.Fatal(err)
	}
	files := untar(t, &out)
	var index v1.Index
	decode(t, files["index.json"], &index)
	if got := index.Manifests[0].Annotations["io.containerd.image.name"]; got != "example/app:1" {
		t.Errorf("name %q", got)
	}
	var manifest v1.Manifest
	decode(t, blob(t, files, index.Manifests[0].Digest), &manifest)
	var config v1.Image
	decode(t, blob(t, files, manifest.Config.Digest), &config)
	if config.Config.User != "65535" || config.Config.Entrypoint[0] != "/bin/app" {
		t.Errorf("configuration: %+v", config.Config)
	}
	unpacked, err := zstd.NewReader(bytes.NewReader(blob(t, files, manifest.Layers[0].Digest)))
	if err != nil {
		t.Fatal(err)
	}
	defer unpacked.Close()
	plain, err := io.ReadAll(unpacked)
	if err != nil {
		t.Fatal(err)
	}
	if got := digest.FromBytes(plain); got != config.RootFS.DiffIDs[0] {
		t.Errorf("the layer is %s, the configuration says %s", got, config.RootFS.DiffIDs[0])
	}
	layer := untar(t, bytes.NewReader(plain))
	if string(layer["bin/app"]) != "program" {
		t.Errorf("layer: %q", layer)
	}
}

func TestPackIsReproducible(t *testing.T) {
	var first, second bytes.Buffer
	if err := errors.Join(pack(&first, "a:1", folder(t), "/a", ""), pack(&second, "a:1", folder(t), "/a", "")); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("the same files gave two different archives")
	}
}

func TestPackRefusesAMissingFolder(t *testing.T) {
	if err := pack(io.Discard, "a:1", filepath.Join(t.TempDir(), "none"), "/a", ""); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := errors.Join(
		os.Mkdir(filepath.Join(dir, "bin"), 0o755),
		os.WriteFile(filepath.Join(dir, "bin", "app"), []byte("program"), 0o755),
		os.Symlink("app", filepath.Join(dir, "bin", "alias")),
	); err != nil {
		t.Fatal(err)
	}
	return dir
}

func untar(t *testing.T, in io.Reader) map[string][]byte {
	t.Helper()
	files, reader := map[string][]byte{}, tar.NewReader(in)
	for {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[header.Name], err = io.ReadAll(reader); err != nil {
			t.Fatal(err)
		}
	}
}

func blob(t *testing.T, files map[string][]byte, sum digest.Digest) []byte {
	t.Helper()
	content := files["blobs/sha256/"+sum.Encoded()]
	if digest.FromBytes(content) != sum {
		t.Fatalf("blob %s does not match its digest", sum)
	}
	return content
}

func decode(t *testing.T, content []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(content, into); err != nil {
		t.Fatal(err)
	}
}
