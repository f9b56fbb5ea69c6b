package containers

import (
	"github.com/moby/moby/api/types/container"
	"github.com/testcontainers/testcontainers-go"

	"strictmx/internal/anchor"
)

// The bounds of a container. A lab that needs more is broken.
const (
	memoryLimit = 512 << 20 // bytes
	pidsLimit   = 512
)

// anchorContainer is the request for the container that labs take their network
// from (package anchor): no network, and the right to make its own. host is the
// name of the mail system's machine, which every container that joins takes over.
func anchorContainer(host string) testcontainers.CustomizeRequestOption {
	return func(req *testcontainers.GenericContainerRequest) error {
		req.Cmd = []string{anchor.Name}
		req.ConfigModifier = func(c *container.Config) { c.Hostname = host }
		req.HostConfigModifier = func(h *container.HostConfig) {
			ours(h, "none", "SYS_ADMIN", "NET_ADMIN")
		}
		return Leased("anchor")(req)
	}
}

// nodeContainer is the request for the container of the pretend internet. network
// is that of an anchor. It may do what making devices and namespaces takes.
func nodeContainer(network string) testcontainers.CustomizeRequestOption {
	return func(req *testcontainers.GenericContainerRequest) error {
		req.Cmd = []string{"node"}
		req.HostConfigModifier = func(h *container.HostConfig) {
			ours(h, network, "NET_ADMIN", "SYS_ADMIN", "NET_BIND_SERVICE")
		}
		return Leased("node")(req)
	}
}

// ours is for a container with nothing in it but our own binary.
func ours(h *container.HostConfig, network string, capabilities ...string) {
	bound(h)
	h.NetworkMode = container.NetworkMode(network)
	h.ReadonlyRootfs = true
	h.CapDrop, h.CapAdd = []string{"ALL"}, capabilities
	h.SecurityOpt = []string{"no-new-privileges"}
}

// MailSystemContainer is the request for the mail system's container. network is
// "none", or "container:" with the name or number of another container. It has the
// capabilities that every container has and no more: Postfix changes users and
// roots itself.
func MailSystemContainer(network string) testcontainers.CustomizeRequestOption {
	return func(req *testcontainers.GenericContainerRequest) error {
		req.Cmd = []string{"mta"}
		req.HostConfigModifier = func(h *container.HostConfig) {
			bound(h)
			h.NetworkMode = container.NetworkMode(network)
			// A queue in memory: each message is synced to disk several times.
			// Libraries of the chroot are loaded from it.
			h.Tmpfs = map[string]string{"/var/spool/postfix": "exec,mode=0755,size=256m"}
		}
		return Leased("mail-system")(req)
	}
}

func bound(h *container.HostConfig) {
	pids := int64(pidsLimit)
	h.Memory, h.MemorySwap = memoryLimit, memoryLimit
	h.PidsLimit = &pids
}
