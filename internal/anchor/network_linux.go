package anchor

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// A namespace is a network namespace, by an open file.
type namespace struct{ file *os.File }

// present is the calling thread's namespace.
func present() (*namespace, error) {
	f, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		return nil, fmt.Errorf("network namespace: %w", err)
	}
	return &namespace{f}, nil
}

// enter moves the calling thread there.
func (n *namespace) enter() error {
	if err := unix.Setns(int(n.file.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("network namespace: %w", err)
	}
	return nil
}

func (n *namespace) close() { n.file.Close() }

// doorName is the name of a socket that has no file. Such names belong to a network
// namespace: it is that in which the anchors are between labs.
const doorName = "@strictmx-network"

// answerTime bounds what the two anchors have to say to each other.
const answerTime = 10 * time.Second

// A door is where the node's anchor hands out its lab's namespace.
type door struct {
	listener *net.UnixListener
	served   chan struct{}

	mu  sync.Mutex
	lab *namespace // nil between labs
}

// openDoor listens in the calling thread's namespace.
func openDoor() (*door, error) {
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: doorName, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("socket for the other container: %w", err)
	}
	d := &door{listener: l, served: make(chan struct{})}
	go d.serve()
	return d, nil
}

func (d *door) serve() {
	defer close(d.served)
	for {
		conn, err := d.listener.AcceptUnix()
		if err != nil {
			return // closed
		}
		// Who gets no namespace learns that by the end of the connection.
		_ = d.hand(conn)
		conn.Close()
	}
}

// hand gives the namespace to who asks.
func (d *door) hand(conn *net.UnixConn) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lab == nil {
		return errors.New("no lab has begun")
	}
	if err := conn.SetDeadline(time.Now().Add(answerTime)); err != nil {
		return err
	}
	_, _, err := conn.WriteMsgUnix([]byte{0}, unix.UnixRights(int(d.lab.file.Fd())), nil)
	return err
}

// show changes what is handed out, and closes what was.
func (d *door) show(lab *namespace) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lab != nil {
		d.lab.close()
	}
	d.lab = lab
}

func (d *door) close() {
	d.listener.Close()
	<-d.served
	d.show(nil)
}

// askNetwork asks the node's anchor for its lab's namespace. The calling thread must
// be where the door is.
func askNetwork() (*namespace, error) {
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: doorName, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("the lab's network: %w", err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(answerTime)); err != nil {
		return nil, err
	}
	rights := make([]byte, unix.CmsgSpace(4)) // one file
	_, n, _, _, err := conn.ReadMsgUnix(make([]byte, 1), rights)
	if err != nil {
		return nil, fmt.Errorf("the lab's network: %w", err)
	}
	f, err := fileOf(rights[:n])
	if err != nil {
		return nil, fmt.Errorf("the lab's network: %w", err)
	}
	return &namespace{f}, nil
}

// fileOf takes the one file out of a control message.
func fileOf(rights []byte) (*os.File, error) {
	messages, err := unix.ParseSocketControlMessage(rights)
	if err != nil {
		return nil, err
	}
	if len(messages) != 1 {
		return nil, errors.New("no lab has begun")
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return nil, err
	}
	if len(fds) != 1 {
		return nil, fmt.Errorf("%d files, want 1", len(fds))
	}
	unix.CloseOnExec(fds[0])
	return os.NewFile(uintptr(fds[0]), "network namespace"), nil
}
