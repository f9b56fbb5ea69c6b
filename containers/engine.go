package containers

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/log"
)

// answerTime bounds the wait for an engine's first answer.
const answerTime = 15 * time.Second

// An Engine is the container engine in use. It is safe for concurrent use.
type Engine struct {
	Host    string // "unix:///var/run/docker.sock"
	Version string // "20.10.24"
	Arch    string // of the engine's machine, in Go's words: "amd64"
	// Report is told, once, if labs take longer here than they might. It may be nil, and
	// is to be set before the first lab.
	Report func(string)

	client   client.APIClient
	provider *testcontainers.DockerProvider
	lease    lease
	slots    slots
	lent     []string // the capabilities that kept mail systems' containers have beside the usual
}

// Unavailable is the error of [Open] where no container engine can be used.
type Unavailable struct {
	Host string // empty if none was found
	Err  error
}

func (e *Unavailable) Error() string {
	if e.Host == "" {
		return fmt.Sprintf("no container engine found: start Docker, or set DOCKER_HOST: %v", e.Err)
	}
	return fmt.Sprintf("no container engine answers at %s: start it, or set DOCKER_HOST: %v", e.Host, e.Err)
}

func (e *Unavailable) Unwrap() error { return e.Err }

// Open finds the container engine as testcontainers does: DOCKER_HOST, the
// properties file, the usual sockets. It silences testcontainers' own log.
func Open(ctx context.Context) (*Engine, error) {
	log.SetDefault(log.NewNoopLogger())
	ctx, cancel := context.WithTimeoutCause(ctx, answerTime, fmt.Errorf("no answer within %s", answerTime))
	defer cancel()
	if err := settleReaper(ctx); err != nil {
		return nil, fmt.Errorf("reaper: %w", err)
	}
	api, err := connect(ctx)
	if err != nil {
		return nil, err
	}
	if err := asAsked(ctx, api); err != nil {
		return nil, errors.Join(err, api.Close())
	}
	e := &Engine{Host: api.DaemonHost(), client: api, lent: []string{"SYS_ADMIN"}}
	v, err := api.ServerVersion(ctx, client.ServerVersionOptions{})
	if err != nil {
		return nil, &Unavailable{Host: e.Host, Err: err}
	}
	if v.Os != "linux" {
		return nil, &Unavailable{Host: e.Host, Err: fmt.Errorf("engine runs %s containers, want linux", v.Os)}
	}
	e.Version, e.Arch = v.Version, v.Arch
	if e.lease, err = processLease(); err != nil {
		return nil, err
	}
	if e.provider, err = testcontainers.NewDockerProvider(); err != nil {
		return nil, &Unavailable{Host: e.Host, Err: err}
	}
	return e, nil
}

// asAsked reports a DOCKER_HOST that does not answer. Testcontainers then takes the
// next engine that it finds, which is not the one that was meant.
func asAsked(ctx context.Context, found client.APIClient) error {
	host := os.Getenv("DOCKER_HOST")
	if host == "" || host == found.DaemonHost() {
		return nil
	}
	api, err := client.New(client.FromEnv)
	if err == nil {
		_, err = api.Ping(ctx, client.PingOptions{})
		err = errors.Join(err, api.Close())
	}
	if err != nil {
		return &Unavailable{Host: host, Err: err}
	}
	return nil
}

// connect looks for the engine. The search itself cannot be cancelled.
func connect(ctx context.Context) (client.APIClient, error) {
	type found struct {
		api client.APIClient
		err error
	}
	c := make(chan found, 1)
	go func() {
		api, err := testcontainers.NewDockerClientWithOpts(ctx)
		if err != nil {
			c <- found{err: &Unavailable{Host: os.Getenv("DOCKER_HOST"), Err: err}}
			return
		}
		c <- found{api: api}
	}()
	select {
	case f := <-c:
		return f.api, f.err
	case <-ctx.Done():
		return nil, &Unavailable{Host: os.Getenv("DOCKER_HOST"), Err: context.Cause(ctx)}
	}
}

// Close removes what labs had in common and drops connections to the engine. Labs
// are for their owners to close before.
func (e *Engine) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	return errors.Join(e.removeSlots(ctx), e.client.Close())
}

// newID makes a short name that no other run has.
func newID() string {
	b := make([]byte, 5)
	_, _ = rand.Read(b) // never fails, says its documentation
	return hex.EncodeToString(b)
}
