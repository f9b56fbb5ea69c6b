package containers

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/containerd/errdefs"
)

// Images are the names of a lab's images.
type Images struct {
	Node    string // our binary and nothing else
	Postfix string // Debian's Postfix and our binary
}

// The images' repositories. Tags are hashes of what an image is made of, so that
// an image never changes under its name.
const (
	nodeRepo    = "strictmx/node"
	postfixRepo = "strictmx/postfix"
	baseRepo    = "strictmx/postfix-base"
)

// binaryPath is where our binary is in both images.
const binaryPath = "/usr/bin/strictmx"

// postfixLayer is added to the base with our binary.
const postfixLayer = `FROM %s
COPY strictmx ` + binaryPath + `
ENTRYPOINT ["` + binaryPath + `"]
LABEL ` + labelOurs + `=1 ` + labelRole + `=mail-system
`

// Prepare builds the images that are missing. report, which may be nil, is told
// what takes time. Several processes may do so at once.
func (e *Engine) Prepare(ctx context.Context, report func(string)) (Images, error) {
	if report == nil {
		report = func(string) {}
	}
	binary, err := Binary(ctx, e.Arch, report)
	if err != nil {
		return Images{}, err
	}
	base := baseRepo + ":" + e.baseTag()
	hash := tag(string(binary))
	images := Images{
		Node:    nodeRepo + ":" + hash,
		Postfix: postfixRepo + ":" + tag(hash, base, postfixLayer),
	}
	missing, err := e.missing(ctx, images.Node, images.Postfix)
	if err != nil || !missing {
		return images, err
	}
	unlock, err := lockImages(ctx)
	if err != nil {
		return images, err
	}
	defer unlock()
	if err := e.build(ctx, images.Node, report, func() error { return e.importNode(ctx, images.Node, binary) }); err != nil {
		return images, err
	}
	if err := e.build(ctx, base, report, func() error { return e.buildBase(ctx, base, report) }); err != nil {
		return images, err
	}
	err = e.build(ctx, images.Postfix, report, func() error {
		return e.buildImage(ctx, images.Postfix, fmt.Sprintf(postfixLayer, base), file{"strictmx", 0o755, binary})
	})
	if err != nil {
		return images, err
	}
	return images, e.prune(ctx, images)
}

// tag is a hash of what an image is made of.
func tag(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d %s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

// missing tells whether any of the images is not there.
func (e *Engine) missing(ctx context.Context, names ...string) (bool, error) {
	for _, name := range names {
		_, err := e.client.ImageInspect(ctx, name)
		if errdefs.IsNotFound(err) {
			return true, nil
		}
		if err != nil {
			return false, fmt.Errorf("image %s: %w", name, err)
		}
	}
	return false, nil
}

// build makes one image unless it is there.
func (e *Engine) build(ctx context.Context, name string, report func(string), make func() error) error {
	missing, err := e.missing(ctx, name)
	if err != nil || !missing {
		return err
	}
	report("building image " + name)
	if err := make(); err != nil {
		return fmt.Errorf("image %s: %w", name, err)
	}
	return nil
}

// repoOf cuts the tag from a name.
func repoOf(name string) string {
	repo, _, _ := strings.Cut(name, ":")
	return repo
}
