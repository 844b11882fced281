// SPDX-License-Identifier: Apache-2.0

//go:build unix

package infile

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	if err := os.WriteFile(file, []byte("text"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("file", link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, link} {
		if err := Check(path); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		if got, err := ReadFile(path); err != nil || string(got) != "text" {
			t.Errorf("%s: got %q, %v", path, got, err)
		}
	}
	if _, err := ReadFile(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want that there is no such file", err)
	}
}

func TestRefused(t *testing.T) {
	dir := t.TempDir()
	fifo, link, socket := filepath.Join(dir, "fifo"), filepath.Join(dir, "link"), filepath.Join(dir, "s")
	if err := errors.Join(syscall.Mkfifo(fifo, 0o600), os.Symlink("fifo", link)); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for path, kind := range map[string]string{fifo: "a FIFO", link: "a FIFO", socket: "a socket", dir: "a directory", os.DevNull: "a device"} {
		done := make(chan error, 1)
		go func() {
			_, err := Open(path)
			if checked := Check(path); checked == nil || err == nil || checked.Error() != err.Error() {
				t.Errorf("%s: Check got %v, Open %v", path, checked, err)
			}
			done <- err
		}()
		select {
		case err := <-done:
			want := "open " + path + ": it is " + kind + "; expected a regular file"
			if err == nil || err.Error() != want {
				t.Errorf("got %v, want %q", err, want)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("%s is waited for", path)
		}
	}
}

// A FIFO that takes a file's place after the first look is not waited for either.
func TestReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	deadline := time.Now().Add(200 * time.Millisecond)
	stop := make(chan bool)
	go func() {
		defer close(stop)
		for time.Now().Before(deadline) {
			os.WriteFile(path, nil, 0o600)
			os.Remove(path)
			syscall.Mkfifo(path, 0o600)
			os.Remove(path)
		}
	}()
	for time.Now().Before(deadline) {
		f, err := Open(path)
		if err != nil {
			continue
		}
		if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
			t.Errorf("got %v, %v, want a regular file", info.Mode(), err)
		}
		f.Close()
	}
	<-stop
}
