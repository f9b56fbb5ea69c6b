package containers

import (
	"context"
	"os"
	"path/filepath"

	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
)

// The settings of testcontainers, which reads them once.
const (
	reaperDisabled = "TESTCONTAINERS_RYUK_DISABLED"
	hostOverride   = "TESTCONTAINERS_HOST_OVERRIDE"
	hubPrefix      = "TESTCONTAINERS_HUB_IMAGE_NAME_PREFIX"
)

// settleReaper decides about testcontainers' reaper, a container that removes those
// of a dead process, before testcontainers reads its settings. A user's word
// counts. Otherwise the reaper is used only where its image is known to be there:
// without, no container could be created at all. Our own clean-up does not depend
// on it.
func settleReaper(ctx context.Context) error {
	if os.Getenv(reaperDisabled) != "" {
		return nil
	}
	for _, host := range likelyHosts() {
		if hasReaper(ctx, host) {
			return ownAddress(ctx, host)
		}
	}
	return os.Setenv(reaperDisabled, "true")
}

// likelyHosts are where the engine may listen. Testcontainers knows more places;
// an engine that is only there goes without the reaper.
func likelyHosts() []string {
	if host := os.Getenv("DOCKER_HOST"); host != "" {
		return []string{host}
	}
	hosts := []string{client.DefaultDockerHost}
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		hosts = append(hosts, "unix://"+filepath.Join(dir, "docker.sock"))
	}
	return hosts
}

func hasReaper(ctx context.Context, host string) bool {
	api, err := client.New(client.FromEnv, client.WithHost(host))
	if err != nil {
		return false // connecting in earnest will say why
	}
	defer api.Close()
	_, err = api.ImageInspect(ctx, reaperImage())
	return err == nil
}

// reaperImage is the image that testcontainers asks for.
func reaperImage() string {
	//lint:ignore SA1019 nothing else names it
	image := testcontainers.ReaperDefaultImage
	if prefix := os.Getenv(hubPrefix); prefix != "" {
		return prefix + "/" + image
	}
	return image
}

// ownAddress tells testcontainers if this process is on the engine's machine. It
// believes otherwise where there is a file /.dockerenv, and would look for the
// reaper at the gateway of a network.
func ownAddress(ctx context.Context, host string) error {
	if _, err := os.Stat("/.dockerenv"); err != nil || os.Getenv(hostOverride) != "" {
		return nil // no marker, or the user's word
	}
	api, err := client.New(client.FromEnv, client.WithHost(host))
	if err != nil {
		return err
	}
	defer api.Close()
	info, err := api.Info(ctx, client.InfoOptions{})
	if err != nil {
		return err
	}
	if name, err := os.Hostname(); err != nil || name != info.Info.Name {
		return err
	}
	return os.Setenv(hostOverride, "127.0.0.1")
}
