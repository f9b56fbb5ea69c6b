//go:build !linux

package containers

import (
	"os"
	"runtime"
	"syscall"
)

// machineID names the host. A restart is not told apart; the lease's time is for
// what a restart leaves.
func machineID() (string, error) {
	host, err := os.Hostname()
	return host + "/" + runtime.GOOS, err
}

// processStart only tells whether a process lives. A new process with the number
// of a dead one keeps that one's containers until it ends itself.
func processStart(pid int) (string, error) {
	p, err := os.FindProcess(pid)
	if err != nil {
		return "", err
	}
	if runtime.GOOS == "windows" {
		return "alive", p.Release()
	}
	if err := p.Signal(syscall.Signal(0)); err != nil && err != syscall.EPERM {
		return "", err
	}
	return "alive", nil
}
