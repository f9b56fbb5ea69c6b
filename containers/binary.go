package containers

import (
	"context"
	"debug/buildinfo"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
)

// command is the path of our program's main package.
const command = "strictmx/cmd/strictmx"

// Binary returns the program that runs inside containers, for Linux on an
// architecture: the running file itself if it is that; else strictmx-linux-ARCH
// beside it; else it is built, where there are its source and Go.
func Binary(ctx context.Context, arch string, report func(string)) ([]byte, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	why := fits(self, arch)
	if why == nil {
		return os.ReadFile(self)
	}
	beside := filepath.Join(filepath.Dir(self), "strictmx-linux-"+arch)
	if _, err := os.Stat(beside); err == nil {
		if err := fits(beside, arch); err != nil {
			return nil, fmt.Errorf("%s: %w", beside, err)
		}
		return os.ReadFile(beside)
	}
	built, err := compiled(ctx, arch, report)
	if err != nil {
		return nil, fmt.Errorf("program for the containers: %s cannot be used: %w; no %s beside it; building it: %w: run make build",
			self, why, filepath.Base(beside), err)
	}
	return built, nil
}

// fits says why a file is not our program, static, for Linux on an architecture.
func fits(path, arch string) error {
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return err
	}
	if info.Path != command {
		return fmt.Errorf("it is %s", info.Path)
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	if settings["GOOS"] != "linux" || settings["GOARCH"] != arch {
		return fmt.Errorf("it is for %s on %s, want linux on %s", settings["GOOS"], settings["GOARCH"], arch)
	}
	f, err := elf.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return errors.New("it needs shared libraries")
		}
	}
	return nil
}

// builds holds what was compiled by this process.
var builds struct {
	sync.Mutex
	byArch map[string][]byte
}

// compiled builds the program from its source, once.
func compiled(ctx context.Context, arch string, report func(string)) ([]byte, error) {
	builds.Lock()
	defer builds.Unlock()
	if b, ok := builds.byArch[arch]; ok {
		return b, nil
	}
	root, err := source(ctx)
	if err != nil {
		return nil, err
	}
	if report != nil {
		report("building the program for the containers")
	}
	dir, err := os.MkdirTemp("", "strictmx-build-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "strictmx")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", out, "./cmd/strictmx")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+arch, "CGO_ENABLED=0", "GOFLAGS=")
	if words, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build: %w\n%s", err, words)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		return nil, err
	}
	if builds.byArch == nil {
		builds.byArch = map[string][]byte{}
	}
	builds.byArch[arch] = b
	return b, nil
}

// source finds the module that the working directory is in, and wants it to be ours.
func source(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Path}}\n{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("no source here, or no Go (%s): %w", runtime.Version(), err)
	}
	module, dir, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	if module != strings.Split(command, "/")[0] {
		return "", fmt.Errorf("the source here is that of %s", module)
	}
	return dir, nil
}
