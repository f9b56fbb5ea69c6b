package main

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// probes defines what a script in the mail system's container tries with: tcp reads
// a greeting, udp asks for the MX records of gmail.com and prints the beginning of
// the answer, its id.
const probes = `
tcp() {
	printf '%s\n' "$1 $2: $(timeout 6 bash -c 'exec 3<>"/dev/tcp/$0/$1" && head -c 3 <&3' "$1" "$2" 2>&1 | tail -n 1)"
}
udp() {
	printf '%s\n' "$1 $2: $(timeout 6 bash -c '
		exec 3<>"/dev/udp/$0/$1" || exit
		printf "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x05gmail\x03com\x00\x00\x0f\x00\x01" >&3
		timeout 3 head -c 2 <&3 | od -An -tx1' "$1" "$2" 2>&1 | tail -n 1)"
}
`

// inLab makes of a script one that runs as a process of the lab that is in a container:
// in all namespaces of the first process's only child.
func inLab(script string) string {
	return "exec nsenter --target $(cat /proc/1/task/1/children) --mount --uts --ipc --net --pid --root --wd -- bash -c '" +
		strings.ReplaceAll(script, "'", `'\''`) + "'"
}

// isolation looks for a way out of a lab. What is tried with is first shown to find
// the way to what it may reach: from the lab to the lab's own receivers and DNS
// servers, and from the host to the host's listeners.
func (r *rig) isolation(t *testing.T) {
	host := listenOnHost(t)
	c := r.begin(t, "", "--timeout", "10m", write(t, "silent", silentWorld))
	inside := r.mailSystem(t, c)

	script := probes
	lab := []string{"198.51.100.26", "2001:db8:400d:c00::1a", "198.51.100.53", "2001:db8:53::53"}
	for i, a := range lab {
		script += fmt.Sprintf("%s %s %d &\n", []string{"tcp", "udp"}[i/2], a, []int{25, 53}[i/2])
	}
	for _, a := range host.addrs {
		script += fmt.Sprintf("tcp %s %d &\nudp %s %d &\n", a, host.tcp, a, host.udp)
	}
	out, err := r.api.exec(t.Context(), inside, inLab(script+"wait\ngetent ahosts gmail-smtp-in.l.google.com\n"))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("seen from the mail system:\n%s", out)
	for i, a := range lab {
		want := []string{a + " 25: 220\n", a + " 53:  12 34\n"}[i/2]
		if !strings.Contains(out, want) {
			t.Errorf("a probe did not reach what it may reach: want %q", want)
		}
	}
	if !strings.Contains(out, "2001:db8:400d:c00::1a") || !strings.Contains(out, "198.51.100.26 ") {
		t.Error("the lab's DNS servers do not know the receivers' addresses")
	}
	for line := range strings.Lines(out) {
		ours := strings.HasSuffix(line, " 220\n") || strings.HasSuffix(line, " 12 34\n")
		name, _, _ := strings.Cut(line, " ")
		if ours && !slices.Contains(lab, name) {
			t.Errorf("a way out of the lab: %s", line)
		}
	}
	if n := host.met.Load(); n != 0 {
		t.Errorf("%d connections and questions came to the host, want none", n)
	}

	links, err := r.api.exec(t.Context(), inside,
		inLab("ls /sys/class/net; grep nameserver /etc/resolv.conf; ls /run/docker.sock /var/run/docker.sock 2>/dev/null"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "eth0\nlo\nnameserver 198.51.100.53\nnameserver 2001:db8:53::53\n"; links != want {
		t.Errorf("devices and name servers = %q, want %q", links, want)
	}
	c.signal(t, syscall.SIGINT)
	r.nothingLeft(t, c)
}

// A listener is one on all addresses of this machine, by TCP and by UDP, which
// answers as the lab's own servers do.
type listener struct {
	addrs    []string     // of this machine, as the lab would write them
	tcp, udp int          // the ports
	met      atomic.Int64 // connections, and packets but the host's own
	own      atomic.Int64 // packets of the host's own
}

// hostsOwn is what the host's own packets say.
const hostsOwn = "from the host itself"

func listenOnHost(t *testing.T) *listener {
	t.Helper()
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	pc, err := net.ListenPacket("udp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	h := &listener{tcp: l.Addr().(*net.TCPAddr).Port, udp: pc.LocalAddr().(*net.UDPAddr).Port}
	served := make(chan struct{}, 2)
	go func() { h.greet(l); served <- struct{}{} }()
	go func() { h.echo(pc); served <- struct{}{} }()
	t.Cleanup(func() {
		l.Close()
		pc.Close()
		<-served
		<-served
	})
	all, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		p, err := netip.ParsePrefix(a.String())
		if err != nil {
			t.Fatal(err)
		}
		switch addr := p.Addr(); {
		case addr.IsLoopback(): // the lab has those itself
		case addr.Is6() && addr.IsLinkLocalUnicast():
			h.addrs = append(h.addrs, addr.String()+"%eth0") // reached through the lab's device
		default:
			h.reach(t, addr)
			h.addrs = append(h.addrs, addr.String())
		}
	}
	if len(h.addrs) == 0 {
		t.Fatal("this machine has no address but its loopback's: there is nothing to try")
	}
	h.met.Store(0)
	return h
}

// greet answers connections until the listener is closed.
func (h *listener) greet(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		h.met.Add(1)
		// Who hangs up early has connected all the same.
		_, _ = conn.Write([]byte("220 this is the host\r\n"))
		conn.Close()
	}
}

// echo answers packets until the socket is closed.
func (h *listener) echo(pc net.PacketConn) {
	buf := make([]byte, 512)
	for {
		n, from, err := pc.ReadFrom(buf)
		if err != nil {
			return
		}
		if string(buf[:n]) == hostsOwn {
			h.own.Add(1)
			continue
		}
		h.met.Add(1)
		_, _ = pc.WriteTo(buf[:n], from)
	}
}

// reach shows that the listener is there for who can reach the machine.
func (h *listener) reach(t *testing.T, a netip.Addr) {
	t.Helper()
	conn, err := net.Dial("tcp", netip.AddrPortFrom(a, uint16(h.tcp)).String())
	if err != nil {
		t.Fatalf("from the host itself: %v", err)
	}
	defer conn.Close()
	buf := make([]byte, 3)
	if _, err := conn.Read(buf); err != nil || string(buf) != "220" {
		t.Fatalf("from the host itself: read %q, %v", buf, err)
	}
	ask, err := net.Dial("udp", netip.AddrPortFrom(a, uint16(h.udp)).String())
	if err != nil {
		t.Fatal(err)
	}
	defer ask.Close()
	// An answer need not come back: the engine's rules may change where a packet
	// comes from.
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(soon)
	for before := h.own.Load(); h.own.Load() == before; {
		if _, err := ask.Write([]byte(hostsOwn)); err != nil {
			t.Fatalf("from the host itself: %v", err)
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("from the host itself: no packet for %s arrives", a)
		}
	}
}
