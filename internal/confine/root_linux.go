package confine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// The places in which the new root is put together. The first is an empty directory
// of every system.
const (
	place = "/mnt"
	upper = place + "/upper"
	work  = place + "/work"
	root  = place + "/root"
)

// The bounds of what can be written, in bytes; the container's own bound on memory
// holds for their sum.
const (
	rootSize  = "256m"
	queueSize = "256m"
)

// A mount is one file system below the new root.
type mount struct {
	kind, target string
	flags        uintptr
	data         string
}

// plain are the flags of file systems that hold neither programs nor devices.
const plain = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC

// mounts are those that a container engine makes, and the queue in memory: each
// message is synced to disk several times. The chroot's libraries are loaded from it.
var mounts = []mount{
	{"proc", "/proc", plain, ""},
	{"sysfs", "/sys", plain | unix.MS_RDONLY, ""},
	{"tmpfs", "/dev", unix.MS_NOSUID | unix.MS_NOEXEC, "mode=0755,size=64k"},
	{"devpts", "/dev/pts", unix.MS_NOSUID | unix.MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5"},
	{"tmpfs", "/dev/shm", plain, "mode=1777,size=64m"},
	{"mqueue", "/dev/mqueue", plain, ""},
	{"tmpfs", "/var/spool/postfix", unix.MS_NOSUID | unix.MS_NODEV, "mode=0755,size=" + queueSize},
}

// devices are those that every container has: all are of major number 1 but the
// terminal.
var devices = []struct {
	name         string
	major, minor uint32
}{
	{"null", 1, 3}, {"zero", 1, 5}, {"full", 1, 7}, {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0},
}

var links = [][2]string{
	{"/proc/self/fd", "fd"},
	{"/proc/self/fd/0", "stdin"},
	{"/proc/self/fd/1", "stdout"},
	{"/proc/self/fd/2", "stderr"},
	{"pts/ptmx", "ptmx"},
}

// The parts of /proc and /sys that a container engine hides or guards, for they are
// the whole machine's and would obey the user root without any capability.
var (
	hidden = []string{
		"/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
		"/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats",
		"/sys/devices/virtual/powercap", "/sys/firmware",
	}
	guarded = []string{"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"}
)

// newRoot moves to a root file system that is the present one, read only by now,
// under one in memory.
func newRoot(host string) error {
	hosts, err := os.ReadFile("/etc/hosts") // the engine's, which is not the image's
	if err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("mounts of its own: %w", err)
	}
	if err := layRoot(); err != nil {
		return err
	}
	for _, m := range mounts {
		if err := m.make(); err != nil {
			return err
		}
		if m.target == "/dev" {
			if err := makeDevices(); err != nil {
				return err
			}
		}
	}
	for _, path := range hidden {
		if err := hide(root + path); err != nil {
			return fmt.Errorf("hide %s: %w", path, err)
		}
	}
	for _, path := range guarded {
		if err := guard(root + path); err != nil {
			return fmt.Errorf("guard %s: %w", path, err)
		}
	}
	if err := switchRoot(); err != nil {
		return fmt.Errorf("new root: %w", err)
	}
	return errors.Join(
		os.WriteFile("/etc/hosts", hosts, 0o644),
		os.WriteFile("/etc/hostname", []byte(host+"\n"), 0o644),
	)
}

// layRoot lays the file system in memory over the image's.
func layRoot() error {
	if err := unix.Mount("tmpfs", place, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=0700,size="+rootSize); err != nil {
		return fmt.Errorf("memory for a root: %w", err)
	}
	for _, dir := range []string{upper, work, root} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
	}
	data := "lowerdir=/,upperdir=" + upper + ",workdir=" + work
	if err := unix.Mount("overlay", root, "overlay", 0, data); err != nil {
		return fmt.Errorf("overlay over the image: %w", err)
	}
	return nil
}

func (m mount) make() error {
	dir := root + m.target
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := unix.Mount(m.kind, dir, m.kind, m.flags, m.data); err != nil {
		return fmt.Errorf("%s at %s: %w", m.kind, m.target, err)
	}
	return nil
}

func makeDevices() error {
	defer unix.Umask(unix.Umask(0))
	for _, d := range devices {
		if err := unix.Mknod(filepath.Join(root, "dev", d.name), unix.S_IFCHR|0o666, int(unix.Mkdev(d.major, d.minor))); err != nil {
			return fmt.Errorf("device %s: %w", d.name, err)
		}
	}
	for _, l := range links {
		if err := os.Symlink(l[0], filepath.Join(root, "dev", l[1])); err != nil {
			return err
		}
	}
	return nil
}

// hide puts nothing over a file or directory, if there is one.
func hide(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.IsDir():
		return unix.Mount("tmpfs", path, "tmpfs", plain|unix.MS_RDONLY, "size=0")
	}
	return unix.Mount(root+"/dev/null", path, "", unix.MS_BIND, "")
}

// guard makes a file or directory, if there is one, read only.
func guard(path string) error {
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err := unix.Mount(path, path, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return err
	}
	return unix.Mount("", path, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY|plain, "")
}

// switchRoot makes the new root the only one in sight. An engine does not let a
// container call pivot_root(2), so the new one is moved over the old, as when a machine
// boots; what was mounted on the old is taken away before. Below remains what nobody
// can write to.
func switchRoot() error {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	points := mountPoints(string(text))
	for _, point := range slices.Backward(points) { // those on top first
		if point == "/" || point == place || strings.HasPrefix(point, place+"/") {
			continue
		}
		if err := unix.Unmount(point, unix.MNT_DETACH); err != nil {
			return fmt.Errorf("old mount %s: %w", point, err)
		}
	}
	if err := unix.Chdir(root); err != nil {
		return err
	}
	if err := unix.Mount(root, "/", "", unix.MS_MOVE, ""); err != nil {
		return err
	}
	return errors.Join(unix.Chroot("."), unix.Chdir("/"))
}

// mountPoints lists where file systems are mounted, in the order of proc(5)'s
// mountinfo, of which it is the fifth field. A point is never before the one that it
// is on.
func mountPoints(mountinfo string) []string {
	var out []string
	for line := range strings.Lines(mountinfo) {
		if fields := strings.Fields(line); len(fields) > 4 {
			out = append(out, unescape.Replace(fields[4]))
		}
	}
	return out
}

// unescape reads the characters that mountinfo writes as octal numbers.
var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
