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

// nodeContainer is the request for the node's container: no network, and what
// making namespaces and devices takes. host is the name of the mail system's
// machine, which a container that joins takes over.
func nodeContainer(host string) testcontainers.CustomizeRequestOption {
	return func(req *testcontainers.GenericContainerRequest) error {
		req.Cmd = []string{anchor.NodeName}
		req.ConfigModifier = func(c *container.Config) { c.Hostname = host }
		req.HostConfigModifier = func(h *container.HostConfig) {
			bound(h)
			h.NetworkMode = "none"
			h.ReadonlyRootfs = true
			h.CapDrop = []string{"ALL"}
			h.CapAdd = []string{"NET_ADMIN", "SYS_ADMIN", "NET_BIND_SERVICE"}
			h.SecurityOpt = []string{"no-new-privileges"}
		}
		return Leased("node")(req)
	}
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

// keptMailSystem is the request for a mail system's container that is kept. A lab's
// processes in it have neither what is lent here nor the file systems (package confine).
func keptMailSystem(network string, lent []string) testcontainers.CustomizeRequestOption {
	return func(req *testcontainers.GenericContainerRequest) error {
		req.Cmd = []string{anchor.MailSystemName}
		req.HostConfigModifier = func(h *container.HostConfig) {
			bound(h)
			h.NetworkMode = container.NetworkMode(network)
			h.ReadonlyRootfs = true
			h.CapAdd = lent
			// The usual profile lets no file systems be mounted. What it guards beside
			// is guarded by the lab's own mounts.
			h.SecurityOpt = []string{"apparmor=unconfined"}
		}
		return Leased("mail-system")(req)
	}
}

func bound(h *container.HostConfig) {
	pids := int64(pidsLimit)
	h.Memory, h.MemorySwap = memoryLimit, memoryLimit
	h.PidsLimit = &pids
}
