package containers

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
)

// The labels of everything this package makes.
const (
	labelOurs    = "strictmx"         // on all containers and images: "1"
	labelRole    = "strictmx.role"    // "node", "mail-system"
	labelRun     = "strictmx.run"     // the run that made a container
	labelMachine = "strictmx.machine" // where that run is: host, boot, space of process numbers
	labelPID     = "strictmx.pid"     // its process
	labelStarted = "strictmx.started" // when that process started, in the system's own units
	labelCreated = "strictmx.created" // Unix time of the container's making
)

// leaseTime is how long a container may live whose run cannot be looked up,
// because it is on another machine. A case takes seconds.
const leaseTime = time.Hour

// A lease says which run owns a container.
type lease struct {
	run, machine, pid, started string
}

func newLease() (lease, error) {
	machine, err := machineID()
	if err != nil {
		return lease{}, fmt.Errorf("identity of this machine: %w", err)
	}
	pid := os.Getpid()
	started, err := processStart(pid)
	if err != nil {
		return lease{}, fmt.Errorf("start of this process: %w", err)
	}
	return lease{run: newID(), machine: machine, pid: strconv.Itoa(pid), started: started}, nil
}

// labels are for a container made now.
func (l lease) labels(role string) map[string]string {
	return map[string]string{
		labelOurs: "1", labelRole: role, labelRun: l.run, labelMachine: l.machine,
		labelPID: l.pid, labelStarted: l.started,
		labelCreated: strconv.FormatInt(time.Now().Unix(), 10),
	}
}

// processLease is the lease of containers that are made without an [Engine].
var processLease = sync.OnceValues(newLease)

// Leased labels a container as made by this process, so that [Engine.Sweep] of a
// later run can tell whether it is left over.
func Leased(role string) testcontainers.CustomizeRequestOption {
	return func(req *testcontainers.GenericContainerRequest) error {
		l, err := processLease()
		if err != nil {
			return err
		}
		if req.Labels == nil {
			req.Labels = map[string]string{}
		}
		maps.Copy(req.Labels, l.labels(role))
		return nil
	}
}

// orphaned decides whether a container with these labels belongs to no living run.
// started looks up when a process of this machine started; it returns nothing for
// one that does not exist.
func orphaned(labels map[string]string, machine string, now time.Time, started func(pid int) string) bool {
	if labels[labelMachine] != machine {
		sec, err := strconv.ParseInt(labels[labelCreated], 10, 64)
		return err != nil || now.Sub(time.Unix(sec, 0)) > leaseTime
	}
	pid, err := strconv.Atoi(labels[labelPID])
	return err != nil || started(pid) != labels[labelStarted]
}

// Sweep removes the containers of runs that are dead, and tells how many there
// were. Containers of living runs, in this process or others, are not touched;
// those of other machines are left for an hour.
func (e *Engine) Sweep(ctx context.Context) (int, error) {
	return e.remove(ctx, func(labels map[string]string) bool {
		return orphaned(labels, e.lease.machine, time.Now(), func(pid int) string {
			s, err := processStart(pid)
			if err != nil {
				return "" // no such process
			}
			return s
		})
	})
}

// Clean removes all containers of labs, living or not, and if told so the images.
// It tells how many of each.
func (e *Engine) Clean(ctx context.Context, images bool) (containers, removedImages int, err error) {
	containers, err = e.remove(ctx, func(map[string]string) bool { return true })
	if err != nil || !images {
		return containers, 0, err
	}
	list, err := e.client.ImageList(ctx, client.ImageListOptions{Filters: labelled()})
	if err != nil {
		return containers, 0, fmt.Errorf("list of images: %w", err)
	}
	var errs []error
	for _, img := range list.Items {
		_, err := e.client.ImageRemove(ctx, img.ID, client.ImageRemoveOptions{Force: true, PruneChildren: true})
		switch {
		case err == nil:
			removedImages++
		case !errdefs.IsNotFound(err): // not found: it went with a child of its
			errs = append(errs, fmt.Errorf("image %s: %w", img.ID, err))
		}
	}
	return containers, removedImages, errors.Join(errs...)
}

func labelled() client.Filters { return make(client.Filters).Add("label", labelOurs+"=1") }

// remove removes those of our containers for which dead holds, all at once.
func (e *Engine) remove(ctx context.Context, dead func(labels map[string]string) bool) (int, error) {
	list, err := e.client.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: labelled()})
	if err != nil {
		return 0, fmt.Errorf("list of containers: %w", err)
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	var errs []error
	n := 0
	for _, c := range list.Items {
		if !dead(c.Labels) {
			continue
		}
		n++
		wg.Go(func() {
			if err := removeContainer(ctx, e.client, c.ID); err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
			}
		})
	}
	wg.Wait()
	return n, errors.Join(errs...)
}

// Remove removes a container, and returns when it is gone. One that does not exist,
// or is on its way out, is no error.
func Remove(ctx context.Context, id string) error {
	api, err := testcontainers.NewDockerClientWithOpts(ctx)
	if err != nil {
		return fmt.Errorf("remove container %.12s: %w", id, err)
	}
	defer api.Close() // drops idle connections
	return removeContainer(ctx, api, id)
}

// removeContainer ends a container and returns when it is gone, whoever removes it:
// the engine does so by itself once the first process ended.
func removeContainer(ctx context.Context, api client.APIClient, id string) error {
	_, err := api.ContainerRemove(ctx, id, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
	if err == nil || errdefs.IsNotFound(err) {
		return nil
	}
	if !errdefs.IsConflict(err) {
		return fmt.Errorf("remove container %.12s: %w", id, err)
	}
	// Its removal is under way.
	w := api.ContainerWait(ctx, id, client.ContainerWaitOptions{Condition: container.WaitConditionRemoved})
	select {
	case <-w.Result:
		return nil
	case err := <-w.Error:
		if err == nil || errdefs.IsNotFound(err) {
			return nil
		}
		return fmt.Errorf("remove container %.12s: %w", id, err)
	}
}
