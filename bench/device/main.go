// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Device measures 'kheaders mount' against tar and xz, which unpack the same
// archive in memory too.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/rules-kheaders/rules_kheaders/bench/internal/bench"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/container"
	"golang.org/x/sys/unix"
)

func main() { os.Exit(bench.Main("device", run)) }

// Targets of the project.
const (
	mostOfTar     = 1.0
	mostMiB       = 128
	mostHostTools = 3    // seconds
	mostSecond    = 0.05 // seconds
)

type options struct {
	*bench.Benchmark
	kheaders, archive *string
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	b := bench.New("device", "Measure 'kheaders mount' against tar xJf of the same archive.", 7, "", "")
	o := options{
		Benchmark: b,
		kheaders:  b.File("kheaders", "the program"),
		archive:   b.File("archive", "the archive"),
	}
	if help, err := b.Parse(args, stdout); help || err != nil {
		return err
	}
	return b.Measure(ctx, map[string]string{"tar": "tar", "xz": "xz-utils", "make": "make", "gcc": "gcc"}, stdout, o.measure)
}

func (o options) measure(ctx context.Context, dir string) (r *bench.Report, err error) {
	release, archive, err := o.forThisKernel(dir)
	if err != nil {
		return nil, err
	}
	// The mounts are of this thread, and of what it starts.
	runtime.LockOSThread()
	if err := separate(dir); err != nil {
		return nil, fmt.Errorf("make a place to mount in: %w; expected to be root", err)
	}
	defer func() { err = errors.Join(err, leave(dir)) }()
	tree := filepath.Join(dir, "memory/tree")
	mount := bench.Command{Name: "kheaders mount", Args: []string{*o.kheaders, "mount", "--from", archive}}
	tar := bench.Command{Name: "tar xJf", Args: []string{"tar", "xJf", archive, "-C", tree}}
	again := bench.Command{Name: "kheaders mount, again", Args: mount.Args}
	// What tar does too: as much is left of mount without the time that it notes for compiling.
	const unpacked = "kheaders mount, without its host tools"
	series := make([]bench.Series, 4)
	tools := 0.0
	add := func(i int, c bench.Command) error {
		s, err := bench.Once(ctx, c)
		series[i].Name = c.Name
		series[i].Samples = append(series[i].Samples, s)
		return err
	}
	for turn := range *o.Runs + 1 {
		unpack := func() error {
			return errors.Join(os.Mkdir(tree, 0o755), add(1, tar), os.RemoveAll(tree))
		}
		provide := func() error {
			if err := add(0, mount); err != nil {
				return err
			}
			seconds, err := hostTools(release)
			if err != nil {
				return err
			}
			tools = max(tools, seconds)
			s := series[0].Samples[len(series[0].Samples)-1]
			s.Wall -= time.Duration(seconds * float64(time.Second))
			series[3].Name, series[3].Samples = unpacked, append(series[3].Samples, s)
			if err := add(2, again); err != nil {
				return err
			}
			return bench.Run(ctx, "", *o.kheaders, "remove")
		}
		order := []func() error{unpack, provide}
		if turn%2 == 1 {
			order = []func() error{provide, unpack}
		}
		for _, do := range order {
			if err := do(); err != nil {
				return nil, err
			}
		}
		if turn == 0 { // is not counted
			series, tools = make([]bench.Series, 4), 0
		}
	}
	return &bench.Report{
		Subject: "the archive of Linux 6.1, x86-64, in memory",
		Tables:  []bench.Table{{Name: "to unpack it", Series: series}},
		Figures: []bench.Figure{
			{Name: "mount_vs_tar_wall_ratio", Value: series[3].WallRatio(series[1]), Most: mostOfTar},
			{Name: "peak_mib", Value: float64(series[0].Peak()) / (1 << 20), Most: mostMiB},
			{Name: "host_tools_seconds", Value: tools, Most: mostHostTools},
			{Name: "second_run_seconds", Value: series[2].Median().Wall.Seconds(), Most: mostSecond},
		},
		Notes: []string{"the ratio is of the tree alone: the time to compile the host tools is a figure of its own"},
	}, nil
}

// forThisKernel writes the archive as one of the running kernel, which kheaders
// asks for; its content stays.
func (o options) forThisKernel(dir string) (release, file string, err error) {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return "", "", err
	}
	release = unix.ByteSliceToString(name.Release[:])
	p, err := os.ReadFile(*o.archive)
	if err != nil {
		return "", "", err
	}
	a, err := container.Parse(p)
	if err != nil {
		return "", "", fmt.Errorf("read %s: %w", *o.archive, err)
	}
	a.Marker.Release = release
	if p, err = a.Bytes(a.MinSize()); err != nil {
		return "", "", err
	}
	file = filepath.Join(dir, "archive.tar.xz")
	return release, file, os.WriteFile(file, p, 0o644)
}

// separate gives this thread mounts of its own: /run and /lib/modules are empty,
// and memory below dir is memory.
func separate(dir string) error {
	if err := unix.Unshare(unix.CLONE_NEWNS | unix.CLONE_FS); err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_PRIVATE|unix.MS_REC, ""); err != nil {
		return err
	}
	memory := filepath.Join(dir, "memory")
	if err := os.Mkdir(memory, 0o755); err != nil {
		return err
	}
	if err := errors.Join(unix.Mount("bench", memory, "tmpfs", 0, ""), unix.Mount("bench", "/run", "tmpfs", 0, "mode=755")); err != nil {
		return err
	}
	if _, err := os.Stat("/lib/modules"); err == nil {
		return unix.Mount("bench", "/lib/modules", "tmpfs", 0, "mode=755")
	}
	// A root directory without modules, which may be read-only.
	lib, err := filepath.EvalSymlinks("/lib")
	if err != nil {
		return err
	}
	upper, work := filepath.Join(memory, "upper"), filepath.Join(memory, "work")
	return errors.Join(os.Mkdir(upper, 0o755), os.Mkdir(work, 0o755),
		unix.Mount("bench", lib, "overlay", 0, fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", lib, upper, work)))
}

// leave unmounts what is below dir, which is to be removed.
func leave(dir string) error {
	if lib, err := filepath.EvalSymlinks("/lib"); err == nil {
		_ = unix.Unmount(lib, unix.MNT_DETACH) // an overlay of what is in dir, if it is a mount
	}
	return unix.Unmount(filepath.Join(dir, "memory"), unix.MNT_DETACH)
}

// hostTools is how long it took to compile them, in seconds, as kheaders noted.
func hostTools(release string) (float64, error) {
	p, err := exec.Command("cat", filepath.Join("/run/kheaders", release, ".kheaders-tree.json")).Output()
	if err != nil {
		return 0, fmt.Errorf("read what kheaders noted: %w", err)
	}
	var note struct {
		Tools   float64 `json:"host_tools_seconds"`
		Problem string  `json:"host_tools"`
	}
	if err := json.Unmarshal(p, &note); err != nil {
		return 0, fmt.Errorf("read what kheaders noted: %w", err)
	}
	if note.Problem != "" {
		return 0, fmt.Errorf("the host tools are not there: %s", note.Problem)
	}
	return note.Tools, nil
}
