// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/rules-kheaders/rules_kheaders/tests/internal/bazeltest"
	"github.com/rules-kheaders/rules_kheaders/tests/internal/reapi"
)

// A server is buildbox: a store, a cache of actions and their execution. It sees
// an image and a directory of its own, and neither this checkout nor a network: an
// action that needs more fails. It listens on a Unix socket, and a proxy before it
// on loopback.
type server struct {
	Address string // the proxy's

	image       image
	dir, socket string
	process     *process
	log         *os.File
	proxy       *http.Server
	executing   atomic.Int32
	executed    chan struct{} // gets a value at each call of Execute, if one is waited for
}

// An image is what a server has beside its store.
type image int

const (
	machine image = iota // the programs of this machine
	shell                // /bin/sh, and none other that an action can run
)

func newServer(dir string, image image) (*server, error) {
	if err := errors.Join(
		bazeltest.Need("busybox", "busybox-static"),
		bazeltest.Need("bwrap", "bubblewrap"),
		bazeltest.Need("buildbox-casd", "buildbox"),
		bazeltest.Need("buildbox-run-hosttools", "buildbox"),
	); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	log, err := os.Create(dir + ".log")
	if err != nil {
		return nil, err
	}
	// A socket's path is of at most 107 bytes (unix(7)), so it is not in dir.
	sockets, err := os.MkdirTemp("", "remote-")
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &server{Address: "grpc://" + listener.Addr().String(), image: image, dir: dir, socket: filepath.Join(sockets, "socket"), log: log, executed: make(chan struct{})}
	proxy := reapi.New("unix", s.socket)
	s.proxy = proxy.Server()
	s.proxy.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/build.bazel.remote.execution.v2.Execution/Execute" {
			s.executing.Add(1)
			defer s.executing.Add(-1)
			select {
			case s.executed <- struct{}{}:
			default:
			}
		}
		proxy.ServeHTTP(w, r)
	})
	go s.proxy.Serve(listener)
	if err := s.start(); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

// start starts buildbox and waits until it listens.
func (s *server) start() (err error) {
	files, casd, runner := []string{
		"--ro-bind", "/usr", "/usr", "--ro-bind", "/etc", "/etc",
		"--symlink", "usr/bin", "/bin", "--symlink", "usr/sbin", "/sbin", "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64",
	}, []string{"buildbox-casd"}, "/usr/bin/buildbox-run-hosttools"
	if s.image == shell {
		if files, casd, runner, err = shellImage(filepath.Dir(s.socket)); err != nil {
			return err
		}
	}
	cmd := exec.Command("bwrap", slices.Concat(
		[]string{"--tmpfs", "/"}, files,
		[]string{
			"--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--bind", s.dir, s.dir, "--bind", filepath.Dir(s.socket), filepath.Dir(s.socket),
			"--unshare-net", "--unshare-pid", "--die-with-parent",
			// Another user on another host.
			"--unshare-user", "--uid", "1234", "--gid", "1234", "--unshare-uts", "--hostname", "server",
			"--clearenv", "--setenv", "PATH", "/usr/bin", "--setenv", "HOME", s.dir,
		},
		casd, []string{
			"--bind=unix:" + s.socket, "--buildbox-run=" + runner,
			// Otherwise files are staged by FUSE where its program is, and its device need not be.
			"--runner-arg=--staging-mode=copy-or-link", "--jobs=2", filepath.Join(s.dir, "cas"),
		})...)
	cmd.Stdout, cmd.Stderr = s.log, s.log
	if s.process, err = listen(cmd, s.socket, s.log.Name()); err != nil {
		return fmt.Errorf("start buildbox-casd: %w", err)
	}
	return nil
}

// shellImage is an image without /usr, /lib and /etc. Its /bin has a static busybox
// by the names of shells; buildbox with its libraries is in /server, where no action
// looks, and is started by the loader there: first buildbox-casd, and then, by a
// script that is written into dir, the runner.
func shellImage(dir string) (files, casd []string, runner string, err error) {
	const loader = "/server/ld.so"
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		return nil, nil, "", err
	}
	bind := map[string]string{"/bin/sh": busybox, "/bin/bash": busybox}
	for _, name := range []string{"buildbox-casd", "buildbox-run-hosttools"} {
		program, err := exec.LookPath(name)
		if err != nil {
			return nil, nil, "", err
		}
		bind["/server/"+name] = program
		out, err := exec.Command("ldd", program).Output()
		if err != nil {
			return nil, nil, "", fmt.Errorf("ldd %s: %w", program, err)
		}
		// NAME => FILE (ADDRESS), or FILE (ADDRESS) for the loader.
		for line := range strings.Lines(string(out)) {
			words := strings.Fields(line)
			switch {
			case len(words) >= 3 && words[1] == "=>":
				bind["/server/lib/"+words[0]] = words[2]
			case strings.HasPrefix(words[0], "/"):
				bind[loader] = words[0]
			}
		}
	}
	for _, at := range slices.Sorted(maps.Keys(bind)) {
		files = append(files, "--ro-bind", bind[at], at)
	}
	runner = filepath.Join(dir, "run")
	script := "#!/bin/sh\nexec " + loader + " --library-path /server/lib /server/buildbox-run-hosttools \"$@\"\n"
	return files, []string{loader, "--library-path", "/server/lib", "/server/buildbox-casd"}, runner, os.WriteFile(runner, []byte(script), 0o755)
}

// kill ends buildbox and all that it runs, at once.
func (s *server) kill() error {
	if s.process == nil {
		return nil
	}
	err := s.process.kill()
	s.process = nil
	return err
}

func (s *server) stop() error {
	return errors.Join(s.kill(), s.proxy.Close(), s.log.Close(), os.RemoveAll(filepath.Dir(s.socket)))
}
