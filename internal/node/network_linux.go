package node

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// The two ends of the wire. The mail system sees eth0, as on a real host.
const (
	hostDevice     = "eth0"
	internetDevice = "inet0"
)

// connect makes the pair of devices, one end here and the other in the namespace
// of process pid.
func connect(pid int) error {
	attrs := netlink.NewLinkAttrs()
	attrs.Name = hostDevice
	pair := &netlink.Veth{LinkAttrs: attrs, PeerName: internetDevice, PeerNamespace: netlink.NsPid(pid)}
	if err := netlink.LinkAdd(pair); err != nil {
		return fmt.Errorf("device pair %s and %s: %w", hostDevice, internetDevice, hint(err))
	}
	return nil
}

// configure gives addrs to a device, brings it and lo up, and makes everything
// else reachable on-link over it, from the first address of the family.
func configure(device string, addrs []netip.Addr) error {
	if err := requireFamilies(addrs); err != nil {
		return err
	}
	for _, name := range []string{"lo", device} {
		link, err := netlink.LinkByName(name)
		if err != nil {
			return fmt.Errorf("device %s: %w", name, err)
		}
		if name == device {
			if err := addAddrs(link, addrs); err != nil {
				return err
			}
		}
		if err := netlink.LinkSetUp(link); err != nil {
			return fmt.Errorf("device %s up: %w", name, err)
		}
	}
	link, err := netlink.LinkByName(device)
	if err != nil {
		return fmt.Errorf("device %s: %w", device, err)
	}
	return addRoutes(link, addrs)
}

func addAddrs(link netlink.Link, addrs []netip.Addr) error {
	for _, a := range addrs {
		// Without duplicate address detection an address is usable at once.
		addr := &netlink.Addr{IPNet: hostNet(a)}
		if a.Is6() {
			addr.Flags = unix.IFA_F_NODAD
		}
		if err := netlink.AddrAdd(link, addr); err != nil && !errors.Is(err, unix.EEXIST) {
			return fmt.Errorf("address %s on %s: %w", a, link.Attrs().Name, hint(err))
		}
	}
	return nil
}

func addRoutes(link netlink.Link, addrs []netip.Addr) error {
	done := map[bool]bool{}
	for _, a := range addrs {
		if done[a.Is4()] {
			continue
		}
		done[a.Is4()] = true
		all := &net.IPNet{IP: net.IPv6zero, Mask: net.CIDRMask(0, 128)}
		if a.Is4() {
			all = &net.IPNet{IP: net.IPv4zero.To4(), Mask: net.CIDRMask(0, 32)}
		}
		route := &netlink.Route{LinkIndex: link.Attrs().Index, Dst: all, Src: a.AsSlice(), Scope: netlink.SCOPE_LINK}
		if err := netlink.RouteAdd(route); err != nil {
			return fmt.Errorf("default route from %s on %s: %w", a, link.Attrs().Name, hint(err))
		}
	}
	return nil
}

// requireFamilies says in one sentence what is wrong where addresses of a family
// cannot exist.
func requireFamilies(addrs []netip.Addr) error {
	for _, a := range addrs {
		if !a.Is6() {
			continue
		}
		b, err := os.ReadFile("/proc/sys/net/ipv6/conf/default/disable_ipv6")
		if err != nil {
			return errors.New("this kernel has no IPv6: a lab needs it, boot without ipv6.disable=1")
		}
		if strings.TrimSpace(string(b)) != "0" {
			return errors.New("IPv6 is off in the lab's network namespace (net.ipv6.conf.default.disable_ipv6)")
		}
		return nil
	}
	return nil
}

func hostNet(a netip.Addr) *net.IPNet {
	return &net.IPNet{IP: a.AsSlice(), Mask: net.CIDRMask(a.BitLen(), a.BitLen())}
}

// hint adds what to do to an error of the kernel.
func hint(err error) error {
	switch {
	case errors.Is(err, unix.EPERM):
		return fmt.Errorf("%w: the node container needs the capabilities NET_ADMIN and SYS_ADMIN", err)
	case errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.ENODEV):
		return fmt.Errorf("%w: this kernel cannot make veth devices", err)
	}
	return err
}
