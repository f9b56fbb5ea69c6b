package containers

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/moby/moby/client"
)

// The system under Postfix.
const (
	suite     = "bookworm"
	baseImage = "debian:" + suite + "-slim"
)

// packages are what is installed in it. The tables of lmdb and pcre are packages of
// their own in Debian.
var packages = []string{"postfix", "postfix-pcre", "postfix-lmdb", "ca-certificates", "opendkim"}

//go:embed image/prepare
var prepareScript []byte

// baseFile builds the base where the registry and Debian's servers can be reached.
const baseFile = `FROM ` + baseImage + `
COPY prepare /tmp/prepare
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends %s \
 && sh /tmp/prepare && rm /tmp/prepare
LABEL ` + labelOurs + `=1 ` + labelRole + `=base
`

// baseTag is the tag of the image of Debian and Postfix without our binary.
func (e *Engine) baseTag() string {
	return tag(suite, e.Arch, strings.Join(packages, " "), string(prepareScript))
}

// buildBase makes that image from the registry's Debian, or, where there is no
// registry, from Debian's packages.
func (e *Engine) buildBase(ctx context.Context, name string, report func(string)) error {
	err := e.pullBase(ctx, report)
	if err == nil {
		report("installing Postfix on " + baseImage + "; this is done once")
		err = e.buildImage(ctx, name, fmt.Sprintf(baseFile, strings.Join(packages, " ")), file{"prepare", 0o755, prepareScript})
	}
	if err == nil || ctx.Err() != nil {
		return err
	}
	report("no way through the registry (" + firstLine(err) + "): building from Debian's packages; this takes a minute and is done once")
	if other := e.bootstrap(ctx, name); other != nil {
		return fmt.Errorf("neither from %s: %w\nnor from Debian's packages: %w", baseImage, err, other)
	}
	return nil
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// answering bounds the wait for the registry's first word.
const answering = 10 * time.Second

// pullBase gets Debian's image unless it is there.
func (e *Engine) pullBase(ctx context.Context, report func(string)) error {
	missing, err := e.missing(ctx, baseImage)
	if err != nil || !missing {
		return err
	}
	report("pulling " + baseImage)
	return e.pull(ctx, baseImage)
}

// pull gets an image from its registry. It gives up soon on one that is silent,
// and not on one that is slow.
func (e *Engine) pull(ctx context.Context, image string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silent := time.AfterFunc(answering, func() { cancel(fmt.Errorf("registry did not answer within %s", answering)) })
	defer silent.Stop()
	res, err := e.client.ImagePull(ctx, image, client.ImagePullOptions{})
	if err == nil {
		defer res.Close()
		for msg, bad := range res.JSONMessages(ctx) {
			silent.Stop()
			if bad != nil {
				err = bad
				break
			}
			if msg.Error != nil {
				err = msg.Error
				break
			}
		}
	}
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("pull %s: %w", image, context.Cause(ctx))
	}
	if err != nil {
		return fmt.Errorf("pull %s: %w", image, err)
	}
	return nil
}

// bootstrap makes the image out of Debian's packages.
func (e *Engine) bootstrap(ctx context.Context, name string) error {
	if runtime.GOOS != "linux" || runtime.GOARCH != e.Arch {
		return fmt.Errorf("that needs linux on %s, the engine's architecture", e.Arch)
	}
	tool, err := exec.LookPath("mmdebstrap")
	if err != nil {
		return fmt.Errorf("that needs mmdebstrap: install it (apt-get install mmdebstrap): %w", err)
	}
	script, err := os.CreateTemp("", "strictmx-prepare-")
	if err != nil {
		return err
	}
	defer os.Remove(script.Name())
	if _, err := script.Write(prepareScript); err != nil {
		return errors.Join(err, script.Close())
	}
	if err := script.Close(); err != nil {
		return err
	}
	sources, err := aptSources("/etc/apt")
	if err != nil {
		return err
	}
	args := append([]string{
		"--variant=minbase", "--quiet", "--include=" + strings.Join(packages, ","),
		"--dpkgopt=force-unsafe-io", "--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*",
		"--dpkgopt=path-exclude=/usr/share/locale/*", `--aptopt=Acquire::Languages "none"`,
		"--customize-hook=upload " + script.Name() + " /tmp/prepare",
		`--customize-hook=chroot "$1" sh /tmp/prepare`, `--customize-hook=rm "$1"/tmp/prepare`,
		suite, "-",
	}, sources...)
	cmd := exec.CommandContext(ctx, tool, args...)
	var words bytes.Buffer
	cmd.Stderr = &words
	root, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	imported := e.importImage(ctx, name, root, "LABEL "+labelOurs+"=1 "+labelRole+"=base")
	if err := cmd.Wait(); err != nil {
		return errors.Join(fmt.Errorf("mmdebstrap: %w\n%s", err, ending(words.String())), e.forget(ctx, name))
	}
	return imported
}

// forget removes an image that was made of half a tree, if there is one.
func (e *Engine) forget(ctx context.Context, name string) error {
	missing, err := e.missing(ctx, name)
	if err != nil || missing {
		return err
	}
	_, err = e.client.ImageRemove(ctx, name, client.ImageRemoveOptions{})
	return err
}

// suiteLine is a line of a sources file that names our suite.
var suiteLine = regexp.MustCompile(`(?m)^(?:deb\s|Suites:).*\s` + suite + `(?:\s|$)`)

// aptSources lists this machine's own source files for the suite, which know the
// mirror to use. There are none on other systems: mmdebstrap then takes Debian's.
func aptSources(dir string) ([]string, error) {
	var out []string
	for _, pattern := range []string{"sources.list", "sources.list.d/*.list", "sources.list.d/*.sources"} {
		names, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				return nil, err
			}
			if suiteLine.Match(text) {
				out = append(out, name)
			}
		}
	}
	return out, nil
}
