package containers

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// machineID names the host, its boot, and the space that process numbers are of:
// two containers of one machine, each with a run of its own, differ in the last.
func machineID() (string, error) {
	host, err := os.Hostname()
	if err != nil {
		return "", err
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", err
	}
	space, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return "", err
	}
	return host + "/" + strings.TrimSpace(string(boot)) + "/" + space, nil
}

// processStart is when a process started, in clock ticks since the boot: field 22
// of proc(5)'s stat. Together with the number it names a process for good.
func processStart(pid int) (string, error) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", err
	}
	// The second field is a name in brackets that may itself hold blanks and brackets.
	i := bytes.LastIndexByte(b, ')')
	fields := strings.Fields(string(b[i+1:]))
	if i < 0 || len(fields) < 20 {
		return "", fmt.Errorf("process %d: want 22 fields in its stat file", pid)
	}
	if state := fields[0]; state == "Z" || state == "X" {
		return "", fmt.Errorf("process %d is dead", pid)
	}
	return fields[19], nil
}
