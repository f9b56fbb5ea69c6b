package mta

import (
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"strictmx/internal/wire"
)

// Debian's places.
const (
	configDir = "/etc/postfix"
	queueDir  = "/var/spool/postfix"
	// preparedDir holds the queue directory as the image's builder left it, for
	// the queue is kept in memory.
	preparedDir = "/usr/lib/strictmx/spool"
	logPath     = "/dev/log"
)

// longAgo is the modification time of configuration files. Each Postfix program
// that reads a main.cf changed within the last seconds waits for it to settle.
var longAgo = time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)

// chrooted are the files that programs read inside the queue directory, where
// Debian runs most of them.
var chrooted = []string{"/etc/resolv.conf", "/etc/hosts", "/etc/services", "/etc/nsswitch.conf", "/etc/localtime", "/etc/host.conf"}

// layOut writes the set-up's files and fills the queue directory.
func layOut(s wire.Setup) error {
	if err := fillQueue(); err != nil {
		return fmt.Errorf("queue directory: %w", err)
	}
	if err := writeFile("/etc/resolv.conf", resolvConf(s.DNS)); err != nil {
		return err
	}
	for name, text := range s.Files {
		if name == "main.cf" {
			text = logHere(text)
		}
		if err := writeFile(filePath(name), text); err != nil {
			return err
		}
	}
	for _, path := range chrooted {
		b, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return err
		}
		if err := writeFile(queueDir+path, string(b)); err != nil {
			return err
		}
	}
	return nil
}

// filePath is where a file of the set-up goes.
func filePath(name string) string {
	if strings.HasPrefix(name, "/") {
		return filepath.Clean(name)
	}
	return filepath.Join(configDir, name)
}

// writeFile writes a file unless it says that already: a running lab may have it in
// common with this one, and would read an empty file between the two steps.
func writeFile(path, text string) error {
	if old, err := os.ReadFile(path); err == nil && string(old) == text {
		return os.Chtimes(path, longAgo, longAgo)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		return err
	}
	return os.Chtimes(path, longAgo, longAgo)
}

// resolvConf names the servers. A silent one is given up on soon: it is silent on
// purpose.
func resolvConf(servers []netip.Addr) string {
	var b strings.Builder
	for _, a := range servers {
		fmt.Fprintf(&b, "nameserver %s\n", a)
	}
	b.WriteString("options timeout:1 attempts:2\n")
	return b.String()
}

// fillQueue copies the prepared queue directory, owners and modes included, unless
// there is a queue already.
func fillQueue() error {
	if entries, err := os.ReadDir(queueDir); err != nil || len(entries) > 0 {
		return err
	}
	return filepath.WalkDir(preparedDir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(preparedDir, path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		return copyEntry(path, filepath.Join(queueDir, rel), info)
	})
}

func copyEntry(from, to string, info fs.FileInfo) error {
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fmt.Errorf("%s: owner unknown", from)
	}
	switch {
	case info.IsDir():
		if err := os.MkdirAll(to, 0o700); err != nil {
			return err
		}
	case info.Mode().IsRegular():
		if err := copyFile(from, to); err != nil {
			return err
		}
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return os.Symlink(target, to)
	default:
		return nil // sockets and pipes, which master(8) makes
	}
	if err := os.Lchown(to, int(owner.Uid), int(owner.Gid)); err != nil {
		return err
	}
	return os.Chmod(to, info.Mode()) // after chown, which drops set-group-id
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}
