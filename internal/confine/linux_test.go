//go:build linux

package confine

import (
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// What the filter refuses is asked for in a way that the kernel refuses with another
// error, if it is asked.
func TestFilterRefusesNamespaces(t *testing.T) {
	calls := []struct {
		name        string
		nr, a, b, c uintptr
		before      unix.Errno // 0: it is carried out
		after       unix.Errno
	}{
		{"unshare nothing", unix.SYS_UNSHARE, 0, 0, 0, 0, unix.EPERM},
		{"setns of no file", unix.SYS_SETNS, ^uintptr(0), 0, 0, unix.EBADF, unix.EPERM},
		{"mount from nowhere", unix.SYS_MOUNT, 1, 1, 1, unix.EFAULT, unix.EPERM},
		{"clone with a user namespace", unix.SYS_CLONE, unix.CLONE_NEWUSER | unix.CLONE_FS, 0, 0, unix.EINVAL, unix.EPERM},
		{"clone3 of nothing", unix.SYS_CLONE3, 0, 0, 0, unix.EINVAL, unix.ENOSYS},
		{"close no file", unix.SYS_CLOSE, ^uintptr(0), 0, 0, unix.EBADF, unix.EBADF},
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: the thread ends with its filter
		for _, c := range calls {
			if _, _, got := unix.Syscall(c.nr, c.a, c.b, c.c); got != c.before {
				t.Errorf("%s, before the filter = %v, want %v", c.name, got, c.before)
			}
		}
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil { // all that it takes without SYS_ADMIN
			t.Error(err)
			return
		}
		if err := filterCalls(0); err != nil {
			t.Error(err)
			return
		}
		for _, c := range calls {
			if _, _, got := unix.Syscall(c.nr, c.a, c.b, c.c); got != c.after {
				t.Errorf("%s, after the filter = %v, want %v", c.name, got, c.after)
			}
		}
	}()
	<-done
}

func TestLacksLent(t *testing.T) {
	status := func(prm string) string {
		return "Name:\tx\nCapInh:\t0\nCapPrm:\t" + prm + "\nCapEff:\t0\nCapBnd:\t00000000a80425fb\nCapAmb:\t0\n"
	}
	for _, tt := range []struct{ status, want string }{
		{status("00000000a80425fb"), ""},
		{status("00000000a82425fb"), "CapPrm is a82425fb"}, // with SYS_ADMIN
		{status("x"), "invalid syntax"},
		{"Name:\tx\n", "0 sets of capabilities, want 5"},
	} {
		err := lacksLent(tt.status)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("lacksLent(%q) = %v, want %q", tt.status, err, tt.want)
		}
	}
}

func TestEnterIsForFirstProcesses(t *testing.T) {
	if err := Enter("host.example.com"); err == nil || !strings.Contains(err.Error(), "want the first of a namespace") {
		t.Errorf("Enter = %v, want an error: this is a test", err)
	}
}

func TestWritableRootIsRefused(t *testing.T) {
	if err := onlyRead(t.TempDir()); err == nil {
		t.Error("onlyRead of a directory for temporary files: want an error")
	}
	if err := onlyRead("/no/such/path"); !errors.Is(err, unix.ENOENT) {
		t.Errorf("onlyRead of nothing = %v, want ENOENT", err)
	}
}

func TestMountPoints(t *testing.T) {
	got := mountPoints("73 72 0:40 / /proc rw,nosuid - proc proc rw\n" +
		`89 72 254:0 /x /mnt/a\040b\134c ro,relatime - ext4 /dev/vda rw` + "\n\nshort line\n")
	if want := []string{"/proc", `/mnt/a b\c`}; !slices.Equal(got, want) {
		t.Errorf("mountPoints = %q, want %q", got, want)
	}
}

// A point that is written as the kernel does comes back.
func FuzzMountPoints(f *testing.F) {
	f.Add("/mnt/a b\tc\nd\\040")
	f.Fuzz(func(t *testing.T, point string) {
		written := strings.NewReplacer(" ", `\040`, "\t", `\011`, "\n", `\012`, `\`, `\134`).Replace(point)
		got := mountPoints("1 0 0:1 / " + written + " rw - tmpfs tmpfs rw\n")
		if len(strings.Fields("x"+written+"x")) != 1 || written == "" {
			return // other spaces, which the kernel does not write so
		}
		if !slices.Equal(got, []string{point}) {
			t.Errorf("mountPoints of %q, written %q = %q", point, written, got)
		}
	})
}
