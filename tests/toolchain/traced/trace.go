// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A trace is what strace(1) writes with --follow-forks: lines PID CALL(ARGUMENTS) =
// RESULT, of which a long one is in two parts. Of a process it is known whether it
// is in the root: one of its threads has called chroot(2), or a process that was has
// started it.
type trace struct {
	own     []string    // directories of the action
	process map[int]int // of a thread
	inside  map[int]bool
	pending map[int][]string // lines of threads whose parent's call has not returned
	begun   map[int]string   // the first parts of lines
	bad     []string

	programs, files, processes int // in the root
}

func newTrace(own ...string) *trace {
	return &trace{own: own, process: map[int]int{}, inside: map[int]bool{}, pending: map[int][]string{}, begun: map[int]string{}}
}

var (
	callPattern   = regexp.MustCompile(`^(\w+)\((.*)\) += (-?\d+)`)
	resumePattern = regexp.MustCompile(`^<\.\.\. \w+ resumed>(.*)$`)
	pathPattern   = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"`)
)

// line takes a line of strace's.
func (t *trace) line(text string) {
	id, rest, ok := strings.Cut(text, " ")
	pid, err := strconv.Atoi(id)
	if !ok || err != nil {
		t.bad = append(t.bad, "a line of strace: "+text)
		return
	}
	rest = strings.TrimSpace(rest)
	if len(t.process) == 0 {
		t.process[pid] = pid // krun itself
	}
	if first, ok := strings.CutSuffix(rest, " <unfinished ...>"); ok {
		t.begun[pid] = first
		return
	}
	if m := resumePattern.FindStringSubmatch(rest); m != nil {
		rest = t.begun[pid] + m[1]
		delete(t.begun, pid)
	}
	if _, ok := t.process[pid]; !ok {
		t.pending[pid] = append(t.pending[pid], rest)
		return
	}
	t.call(pid, rest)
}

// call takes a whole call of a process that is known.
func (t *trace) call(pid int, text string) {
	m := callPattern.FindStringSubmatch(text)
	if m == nil {
		return // it has no result: its process ended in it
	}
	result, err := strconv.Atoi(m[3])
	if err != nil || result < 0 {
		return
	}
	switch name, arguments := m[1], m[2]; name {
	case "chroot":
		t.inside[t.process[pid]] = true
	case "clone", "clone3", "fork", "vfork":
		if strings.Contains(arguments, "CLONE_THREAD") {
			t.start(result, t.process[pid])
			break
		}
		t.processes++
		t.inside[result] = t.inside[t.process[pid]]
		t.start(result, result)
	default:
		path := ""
		if p := pathPattern.FindStringSubmatch(arguments); p != nil {
			path = p[1]
		}
		t.opened(pid, name, path)
	}
}

// start has a thread that another has started, and what it has done since.
func (t *trace) start(pid, process int) {
	t.process[pid] = process
	lines := t.pending[pid]
	delete(t.pending, pid)
	for _, l := range lines {
		t.call(pid, l)
	}
}

// Directories that krun's root has of its own (internal/kernel/rootfs), and those
// that are the kernel's, or empty in an action.
var (
	rootsOwn = []string{"/bin", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/sbin", "/usr"}
	kernels  = []string{"/dev", "/proc", "/sys", "/tmp"}
)

func (t *trace) opened(pid int, call, path string) {
	below := func(dirs []string) bool {
		return slices.ContainsFunc(dirs, func(dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") })
	}
	root := below(rootsOwn)
	switch {
	case root && !t.inside[t.process[pid]]:
		t.bad = append(t.bad, fmt.Sprintf("%s of %s outside of the root", call, path))
	case strings.HasPrefix(path, "/") && path != "/" && !root && !below(kernels) && !below(t.own):
		t.bad = append(t.bad, fmt.Sprintf("%s of %s, which is of the machine", call, path))
	case root && call == "execve":
		t.programs++
	case root:
		t.files++
	}
}

// end says how much was seen in the root, or what was not there.
func (t *trace) end() (string, error) {
	if len(t.pending) > 0 {
		t.bad = append(t.bad, fmt.Sprintf("%d threads of which it is not known who started them", len(t.pending)))
	}
	if len(t.bad) > 0 {
		slices.Sort(t.bad)
		all := slices.Compact(t.bad)
		return "", fmt.Errorf("%d calls of %d kinds: %s", len(t.bad), len(all), strings.Join(all[:min(len(all), 20)], "; "))
	}
	if t.programs == 0 || t.files == 0 {
		return "", errors.New("no program of the root was started")
	}
	return fmt.Sprintf("%d processes started %d programs and opened %d files of the root, and none of the machine", t.processes, t.programs, t.files), nil
}
