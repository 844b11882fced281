// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// lookEvery is how often memory is looked at. What a compressor allocates it
// keeps for seconds.
const lookEvery = 20 * time.Millisecond

// peakOfAll runs a program and returns the most memory, in bytes, that it and
// the processes below it had resident at one time.
func peakOfAll(ctx context.Context, args []string) (peak int64, err error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	for {
		select {
		case err := <-done:
			if err != nil {
				return 0, fmt.Errorf("run %s: %w: %s", args[0], err, bytes.TrimSpace(said.Bytes()))
			}
			return peak, nil
		case <-time.After(lookEvery):
			peak = max(peak, resident(cmd.Process.Pid))
		}
	}
}

// process is a line of /proc.
type process struct {
	parent   int
	resident int64 // bytes
}

// resident returns the memory of a process and those below it.
func resident(pid int) int64 {
	all := make(map[int]process)
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		// A process may have ended since.
		if text, err := os.ReadFile(file); err == nil {
			if id, p, ok := parseStat(text); ok {
				all[id] = p
			}
		}
	}
	var sum int64
	for id, p := range all {
		for at := id; at != 0; at = all[at].parent {
			if at == pid {
				sum += p.resident
				break
			}
		}
	}
	return sum
}

// parseStat reads /proc/PID/stat: proc(5). The name, in brackets, may hold
// blanks and brackets.
func parseStat(text []byte) (pid int, p process, ok bool) {
	const parentField, residentField = 1, 21 // after the name
	open, end := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	if open < 0 || end < open {
		return 0, p, false
	}
	fields := bytes.Fields(text[end+1:])
	if len(fields) <= residentField {
		return 0, p, false
	}
	pid, errPID := strconv.Atoi(string(bytes.TrimSpace(text[:open])))
	parent, errParent := strconv.Atoi(string(fields[parentField]))
	pages, errPages := strconv.ParseInt(string(fields[residentField]), 10, 64)
	return pid, process{parent, pages * int64(os.Getpagesize())}, errPID == nil && errParent == nil && errPages == nil
}
