// SPDX-License-Identifier: Apache-2.0

//go:build bazel

// Package sandbox tests what .bazelrc promises of every action, on one of them:
// the real sandbox, with the network closed.
package sandbox

import (
	"net"
	"os"
	"path/filepath"
	"testing"
)

func TestNetworkIsClosed(t *testing.T) {
	interfaces, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range interfaces {
		if i.Flags&net.FlagLoopback == 0 {
			t.Errorf("the action has the network interface %s, want the loopback alone", i.Name)
		}
	}
}

// linux-sandbox mounts all but the action's own directories read-only; the
// sandbox that Bazel falls back to does not.
func TestFileSystemIsReadOnly(t *testing.T) {
	source, err := filepath.EvalSymlinks("sandbox_test.go")
	if err != nil {
		t.Fatal(err)
	}
	if f, err := os.OpenFile(source, os.O_WRONLY|os.O_APPEND, 0); err == nil {
		f.Close()
		t.Errorf("the action can write to its source %s, want it read-only", source)
	}
}
