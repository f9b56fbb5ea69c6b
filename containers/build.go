package containers

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/moby/moby/api/types/build"
	"github.com/moby/moby/client"
)

// A file is one file of a build's context.
type file struct {
	name    string
	mode    int64
	content []byte
}

// archive packs files.
func archive(files ...file) (io.Reader, error) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, f := range files {
		err := w.WriteHeader(&tar.Header{Name: f.name, Mode: f.mode, Size: int64(len(f.content)), Format: tar.FormatUSTAR})
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(f.content); err != nil {
			return nil, err
		}
	}
	return &buf, w.Close()
}

// importNode makes the node's image.
func (e *Engine) importNode(ctx context.Context, name string, binary []byte) error {
	root, err := archive(file{strings.TrimPrefix(binaryPath, "/"), 0o755, binary})
	if err != nil {
		return err
	}
	return e.importImage(ctx, name, root, `ENTRYPOINT ["`+binaryPath+`"]`, "LABEL "+labelOurs+"=1 "+labelRole+"=node")
}

// importImage makes an image out of a file tree.
func (e *Engine) importImage(ctx context.Context, name string, root io.Reader, changes ...string) error {
	res, err := e.client.ImageImport(ctx, client.ImageImportSource{Source: root, SourceName: "-"}, name,
		client.ImageImportOptions{Changes: changes})
	if err != nil {
		return err
	}
	defer res.Close()
	return lastWords(res)
}

// buildImage runs a Dockerfile with files beside it.
func (e *Engine) buildImage(ctx context.Context, name, dockerfile string, files ...file) error {
	dir, err := archive(append(files, file{"Dockerfile", 0o644, []byte(dockerfile)})...)
	if err != nil {
		return err
	}
	res, err := e.client.ImageBuild(ctx, dir, client.ImageBuildOptions{
		Tags: []string{name}, Remove: true, ForceRemove: true, Version: build.BuilderV1, BuildArgs: proxies(),
	})
	if err != nil {
		return err
	}
	defer res.Body.Close()
	return lastWords(res.Body)
}

// proxies are the arguments that every Dockerfile knows.
func proxies() map[string]*string {
	out := map[string]*string{}
	for _, name := range []string{"http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"} {
		if v, ok := os.LookupEnv(name); ok {
			out[name] = &v
		}
	}
	return out
}

// lastWords reads the engine's account of a build, and returns its error together
// with what was printed last.
func lastWords(r io.Reader) error {
	var printed tail
	d := json.NewDecoder(r)
	for {
		var msg struct {
			Stream string `json:"stream"`
			Error  string `json:"error"`
		}
		err := d.Decode(&msg)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("engine's account of the build: %w", err)
		case msg.Error != "":
			return errors.New(strings.TrimSpace(ending(printed.String()) + msg.Error))
		}
		if _, err := printed.Write([]byte(msg.Stream)); err != nil {
			return err
		}
	}
}

// ending is the last lines of a text.
func ending(s string) string {
	lines := strings.SplitAfter(s, "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "")
}

// pruneAge is the age at which an image of another binary counts as left over.
const pruneAge = 24 * time.Hour

// prune removes images that earlier binaries left. Those in use stay.
func (e *Engine) prune(ctx context.Context, keep Images) error {
	list, err := e.client.ImageList(ctx, client.ImageListOptions{Filters: labelled()})
	if err != nil {
		return fmt.Errorf("list of images: %w", err)
	}
	for _, img := range list.Items {
		for _, name := range img.RepoTags {
			if !replaces(keep, name) || time.Since(time.Unix(img.Created, 0)) < pruneAge {
				continue
			}
			// An error is no concern: a container of another run uses it.
			_, _ = e.client.ImageRemove(ctx, name, client.ImageRemoveOptions{PruneChildren: true})
		}
	}
	return nil
}

// replaces tells whether an image is an earlier one of those kept.
func replaces(keep Images, name string) bool {
	for _, k := range []string{keep.Node, keep.Postfix} {
		if repoOf(name) == repoOf(k) && name != k {
			return true
		}
	}
	return false
}
