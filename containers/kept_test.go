package containers

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"

	"strictmx/internal/wire"
)

// inLab goes before a script that is to run as a process of a lab: in all namespaces
// of the lab's first process, which is the only child of the container's, and with the
// capabilities that a container has.
const inLab = `
first=$(cat /proc/1/task/1/children)
exec nsenter --target $first --mount --uts --ipc --net --pid --root --wd -- \
	setpriv --inh-caps -all --bounding-set "-all,$(echo +{chown,dac_override,fowner,fsetid,kill,setgid,setuid,setpcap,\
net_bind_service,net_raw,sys_chroot,mknod,audit_write,setfcap} | tr ' ' ,)" -- env -i /bin/bash -c "$0"
`

// inside runs a script in a mail system's container and returns what it printed. With
// before, that is run instead, with the script as its $0.
func inside(t *testing.T, e *Engine, r *Running, before, script string) string {
	t.Helper()
	cmd := []string{"bash", "-c", script}
	if before != "" {
		cmd = []string{"bash", "-c", before, script}
	}
	ctx := t.Context()
	made, err := e.client.ExecCreate(ctx, r.slot.mta.container.GetContainerID(),
		client.ExecCreateOptions{AttachStdout: true, AttachStderr: true, Cmd: cmd})
	if err != nil {
		t.Fatal(err)
	}
	res, err := e.client.ExecAttach(ctx, made.ID, client.ExecAttachOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Close()
	var out, words strings.Builder
	if _, err := stdcopy.StdCopy(&out, &words, res.Reader); err != nil {
		t.Fatal(err)
	}
	if words.Len() > 0 {
		t.Errorf("script said %q", words.String())
	}
	return out.String()
}

// portrait prints all of a mail system that another could have left its mark on: every
// file with its kind, mode, owner, size and sum, processes, IPC, names, environment,
// sockets, devices of the network, mounts. What differs from one Postfix to the next is left out:
// numbers of processes and inodes, and the times of what is made at the start.
const portrait = `
echo "== files"
find / -mount \( -path /proc -o -path /sys \) -prune -o -printf '%y %m %U:%G %p %l\n' | sort
find /dev /var/spool/postfix -printf '%y %m %U:%G %p %l\n' | grep -v '/dev/pts/' | sort
find /etc /var /run /tmp /root /home /usr/bin /usr/sbin /usr/lib/postfix -type f ! -path '/var/spool/postfix/pid/*' ! -name master.lock -exec md5sum {} + | sort -k 2
echo "== processes"
for p in /proc/[0-9]*; do
	case $(cat $p/comm 2>/dev/null) in
	"" | bash | sort | cat | tr) ;; # this script's own
	*) tr '\0' ' ' <$p/cmdline; echo ;;
	esac
done | sort
echo "== IPC"
cat /proc/sysvipc/shm /proc/sysvipc/sem /proc/sysvipc/msg
echo "== names"
hostname; cat /etc/hostname /etc/hosts /etc/resolv.conf; cat /proc/1/environ | tr '\0' '\n'
echo "== sockets"
awk '{print $6, $8}' /proc/net/unix | sort
cat /proc/net/tcp /proc/net/tcp6 | awk '{print $2, $4}' | sort
ls /sys/class/net
echo "== mounts"
awk '{print $5, $6, $9}' /proc/self/mountinfo
echo "== queue and configuration"
postqueue -j; postconf -n; postconf -M; postalias -s hash:/etc/aliases
`

// marks leaves something in every place that portrait looks at, as far as a lab's
// processes can.
const marks = `
for d in / /etc /etc/postfix /usr/bin /usr/lib/postfix /var /var/tmp /var/lib/postfix /var/spool/postfix /var/mail /run /tmp /root /home/user /dev /dev/shm /mnt; do
	echo left >"$d/left" || exit
done
: >/dev/mqueue/left
echo left >>/etc/passwd
echo "left: /dev/null" >>/etc/aliases
newaliases
echo "left unix - - n - - smtp" >>/etc/postfix/master.cf
echo "mail_name = left" >>/etc/postfix/main.cf
rm /usr/bin/mailq /usr/sbin/postsuper
echo 10.0.0.1 left >>/etc/hosts
perl -e '
	shmget(0x1ef7, 4096, 01666) // die "shm: $!";
	semget(0x1ef7, 1, 01666) // die "sem: $!";
	msgget(0x1ef7, 01666) // die "msg: $!";
'
setsid sleep 86400 </dev/null >/dev/null 2>&1 &
setsid perl -MSocket -e '
	socket(my $s, PF_UNIX, SOCK_STREAM, 0) or die; bind($s, pack_sockaddr_un("\0left")) or die; listen($s, 1); sleep 86400
' </dev/null >/dev/null 2>&1 &
until grep -q @left /proc/net/unix; do sleep 0.05; done
`

// nothingKept lets one lab leave marks everywhere, and wants the next in the same
// container to look as the first did before.
func nothingKept(t *testing.T, e *Engine, images Images) {
	l := aLab(images)
	first, err := e.Start(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	defer closeLab(t, e, first)
	id := first.slot.mta.container.GetContainerID()
	before := inside(t, e, first, inLab, portrait)
	inside(t, e, first, inLab, marks)
	// A message that will wait: its domain's servers are not there.
	msg := &wire.Message{From: "left@example.com", To: []string{"left@[198.51.100.77]"}, Content: []byte("Subject: left\n\nx\n")}
	if _, err := first.Do(t.Context(), wire.MailSystem, wire.Command{Op: wire.OpSubmit, Message: msg}); err != nil {
		t.Fatal(err)
	}
	dirty := inside(t, e, first, inLab, portrait)
	for section, mark := range map[string]string{
		"files": "/usr/lib/postfix/left", "devices": "/dev/shm/left", "processes": "sleep 86400", "IPC": "      7927 ", // 0x1ef7
		"names": "10.0.0.1 left", "sockets": "@left", "queue": "left@[198.51.100.77]", "configuration": "mail_name = left",
		"aliases": "left:", "master.cf": "\nleft ",
	} {
		if !strings.Contains(dirty, mark) || strings.Contains(before, mark) {
			t.Errorf("%s: the mark %q is not seen, or was there before: nothing is shown", section, mark)
		}
	}
	if err := first.Close(t.Context()); err != nil {
		t.Fatal(err)
	}

	second, err := e.Start(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	defer closeLab(t, e, second)
	if got := second.slot.mta.container.GetContainerID(); got != id {
		t.Fatalf("container = %.12s, want that of the first lab, %.12s: nothing is shown", got, id)
	}
	after := inside(t, e, second, inLab, portrait)
	if d := cmp.Diff(strings.Split(before, "\n"), strings.Split(after, "\n")); d != "" {
		t.Errorf("the second lab in a container (-first +second)\n%s", d)
	}
	if strings.Contains(after, "left") {
		t.Error("there is a mark of the first lab")
	}
}

// tries is a program of a lab, in the place of one of Postfix's, that master(8) starts
// as the user root. It tells what it has and what it is let do.
const tries = `#!/bin/bash
# Nobody takes the connection, and so master(8) starts this again and again.
mkdir /tmp/once 2>/dev/null || exit
exec >/tmp/told 2>&1
grep -E '^(Cap|NoNewPrivs|Uid|Gid|Seccomp:)' /proc/self/status
try() { if "$@" >/dev/null 2>&1; then echo "may: $*"; else echo "may not: $*"; fi; }
again() { cat "$1" >"$1"; } # what stands there already
try mount -t tmpfs x /tmp
try umount /dev/shm
try unshare --user true
try unshare --mount true
try unshare --net true
try nsenter --target 1 --net true
try hostname other
try dmesg
try again /proc/sys/kernel/core_pattern
try again /proc/sys/vm/swappiness
try eval 'echo h >/proc/sysrq-trigger'
try eval 'head -c 1 /proc/kcore | grep -q .'
try again /sys/module/printk/parameters/time
try mknod /tmp/memory c 1 1
try head -c 1 /tmp/memory
try chown user /tmp
try chroot / true
try kill -0 1
mv /tmp/told /tmp/result
`

// tell has that program run and prints what it told.
const tell = `
chmod 755 /usr/lib/postfix/sbin/tries
perl -MSocket -e '
	socket(my $s, PF_UNIX, SOCK_STREAM, 0) || die "socket: $!";
	connect($s, pack_sockaddr_un("/var/spool/postfix/private/tries")) || die "tries: $!";
'
for i in $(seq 600); do [ -e /tmp/result ] && break; sleep 0.1; done
cat /tmp/result
`

// privileges compares a lab in a kept container with one in a container of its own.
func privileges(t *testing.T, e *Engine, images Images) {
	seen := map[bool][]string{}
	for _, fresh := range []bool{true, false} {
		l := aLab(images)
		l.Fresh = fresh
		l.Setup.Files["/usr/lib/postfix/sbin/tries"] = tries
		l.Setup.Files["master.cf"] = masterCF + "tries unix - n n - 1 tries\n"
		r, err := e.Start(t.Context(), l)
		if err != nil {
			t.Fatal(err)
		}
		defer closeLab(t, e, r)
		before := inLab
		if fresh {
			before = ""
		}
		seen[fresh] = strings.Split(inside(t, e, r, before, tell), "\n")
	}
	if d := cmp.Diff(seen[true], seen[false]); d != "" {
		t.Errorf("what a program of a lab is and may (-in a container of its own +in a kept one)\n%s", d)
	}
	all := strings.Join(seen[false], "\n")
	for _, want := range []string{
		"may not: mount -t tmpfs x /tmp", "may not: unshare --user true", "may not: again /proc/sys/kernel/core_pattern",
		"may: chroot / true", "may: kill -0 1", "NoNewPrivs:\t0", // Postfix's postdrop is set-group-id
	} {
		if !strings.Contains(all, want+"\n") {
			t.Errorf("a program of a lab tells\n%s\nwant in it %q", all, want)
		}
	}
}

// masterCF has what a lab cannot be without.
const masterCF = `pickup unix n - y 60 1 pickup
cleanup unix n - y - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - y - - trivial-rewrite
bounce unix - - y - 0 bounce
defer unix - - y - 0 bounce
`

// spoiled wants slots not to be used again in which something went wrong.
func spoiled(t *testing.T, e *Engine, images Images) {
	for _, tt := range []struct {
		name  string
		spoil func(t *testing.T, l Lab)
	}{
		{"configuration", func(t *testing.T, l Lab) {
			l.Setup.Files = map[string]string{"main.cf": "foo bar\n"}
			if _, err := e.Start(t.Context(), l); err == nil || !strings.Contains(err.Error(), "missing '='") {
				t.Errorf("Start = %v, want Postfix's own error", err)
			}
		}},
		{"time-out", func(t *testing.T, l Lab) {
			ctx, cancel := context.WithCancel(t.Context())
			r, err := e.Start(ctx, l)
			if err != nil {
				t.Fatal(err)
			}
			cancel()
			for begun := time.Now(); !r.late.Load(); time.Sleep(time.Millisecond) { // told by another goroutine
				if time.Since(begun) > time.Minute {
					t.Fatal("the lab does not know that its context ended")
				}
			}
			closeLab(t, e, r)
		}},
		{"master is killed", func(t *testing.T, l Lab) {
			died := make(chan struct{})
			var once sync.Once
			l.Listen = func(_ wire.Side, ev wire.Event) {
				if ev.Kind == wire.KindError {
					once.Do(func() { close(died) })
				}
			}
			r, err := e.Start(t.Context(), l)
			if err != nil {
				t.Fatal(err)
			}
			inside(t, e, r, inLab, "kill -KILL $(cat /var/spool/postfix/pid/master.pid)")
			<-died
			closeLab(t, e, r)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			good, err := e.Start(t.Context(), aLab(images)) // there is a slot to be spoiled
			if err != nil {
				t.Fatal(err)
			}
			closeLab(t, e, good)
			before := ids(e)
			tt.spoil(t, aLab(images))
			left := ids(e)
			if len(left) != len(before)-1 {
				t.Errorf("%d slots after, want one less than %d", len(left), len(before))
			}
			onlyKept(t, e)
		})
	}
}

func ids(e *Engine) []string {
	e.slots.mu.Lock()
	defer e.slots.mu.Unlock()
	var out []string
	for _, s := range e.slots.all {
		out = append(out, s.name)
	}
	return out
}

// unableToKeep has a container that is not let make namespaces: labs work all the
// same, and it is told once.
func unableToKeep(t *testing.T, _ *Engine, images Images) {
	e, err := Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	e.lent = nil
	var told []string
	e.Report = func(s string) { told = append(told, s) }
	for range 2 {
		r, err := e.Start(t.Context(), aLab(images))
		if err != nil {
			t.Fatal(err)
		}
		if got := r.slot.way; got != keepNode {
			t.Errorf("way of the lab = %d, want %d", got, keepNode)
		}
		closeLab(t, e, r)
	}
	if len(told) != 1 || !strings.Contains(told[0], "operation not permitted") {
		t.Errorf("told %q, want once that it is not permitted", told)
	}
}

// BenchmarkBroken is the time from the start of a lab, in a slot that is there, to
// Postfix's own word on what is wrong with its configuration.
func BenchmarkBroken(b *testing.B) {
	e, images := open(b)
	for name, change := range map[string]func(files map[string]string){
		"main.cf":   func(f map[string]string) { f["main.cf"] += "foo bar\n" },
		"master.cf": func(f map[string]string) { f["master.cf"] = masterCF + "smtp inet n\n" },
		"value":     func(f map[string]string) { f["main.cf"] += "inet_protocols = ipv7\n" },
		"map":       func(f map[string]string) { f["main.cf"] += "transport_maps = hash:/etc/postfix/nothere\n" },
	} {
		b.Run(name, func(b *testing.B) {
			var sum time.Duration
			for b.Loop() {
				good, err := e.Start(b.Context(), aLab(images)) // makes the slot
				if err != nil {
					b.Fatal(err)
				}
				if err := good.Close(b.Context()); err != nil {
					b.Fatal(err)
				}
				l := aLab(images)
				change(l.Setup.Files)
				told := make(chan time.Duration, 1)
				start := time.Now()
				l.Listen = func(_ wire.Side, ev wire.Event) {
					if ev.Kind == wire.KindError {
						select {
						case told <- time.Since(start):
						default: // the first counts
						}
					}
				}
				if _, err := e.Start(b.Context(), l); err == nil {
					b.Fatal("a broken configuration was taken")
				}
				sum += <-told
			}
			b.ReportMetric(sum.Seconds()/float64(b.N), "s/word")
		})
	}
}
