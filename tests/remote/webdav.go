// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/rules-kheaders/rules_kheaders/internal/execlog"
	"github.com/rules-kheaders/rules_kheaders/tests/internal/bazeltest"
)

var cachedTargets = []string{"//tests/remote:cached", "//tests/remote:cached_vmlinux", "//tests/remote:cached_extract"}

// webdav builds with an empty HTTP cache, loses the outputs, and builds again.
// What comes before them is made first and all of it fetched, for what is only in
// the machine's own cache would be missed in the empty one.
func (e *environment) webdav() (err error) {
	address, stop, err := nginx(filepath.Join(e.dir, "nginx"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	flags := append([]string{"--disk_cache=", "--remote_cache=http://" + address}, cachedTargets...)
	if _, err := e.build(e.here, append([]string{everything}, cachedTargets...)...); err != nil {
		return err
	}
	files, err := e.here.Files(cachedTargets...)
	if err != nil {
		return err
	}
	again := func(more ...string) ([]execlog.Spawn, error) {
		for _, f := range files {
			if err := os.Remove(f); err != nil {
				return nil, err
			}
		}
		return e.build(e.here, append(more, flags...)...)
	}
	mnemonics := []string{"KheadersExtract", "KheadersPack", "KheadersStamp"}
	const hit, miss = "remote cache hit", "linux-sandbox"
	built, err := again()
	if err != nil {
		return err
	}
	if err := allRan(built, []string{miss}, mnemonics...); err != nil {
		return err
	}
	fetched, err := again()
	if err != nil {
		return err
	}
	if err := errors.Join(allRan(fetched, []string{hit}, mnemonics...), sameDigests(digests(built), digests(fetched))); err != nil {
		return err
	}
	// As docs/remote.md says for what is cheaper to make again than to move.
	mixed, err := again("--modify_execution_info=^KheadersStamp$=+no-remote-cache")
	if err != nil {
		return err
	}
	if err := allRan(mixed, []string{hit, miss}, mnemonics...); err != nil {
		return err
	}
	for _, s := range mixed {
		if want := map[bool]string{true: miss, false: hit}[s.Mnemonic == "KheadersStamp"]; s.Runner != want {
			return fmt.Errorf("with KheadersStamp kept off the cache: %s has runner %q, want %q", s.Mnemonic, s.Runner, want)
		}
	}
	return nil
}

// nginx starts a WebDAV server on a Unix socket, and a proxy before it on
// loopback, for a port that is free now may be taken when nginx comes to it. Bazel
// has --remote_proxy=unix:PATH, and not where it lacks netty's native library, as
// Debian's does.
func nginx(dir string) (address string, stop func() error, err error) {
	if err := bazeltest.Need("nginx", "nginx-light"); err != nil {
		return "", nil, err
	}
	// Bazel's two stores are directories of it.
	for _, d := range []string{"store/ac", "store/cas", "tmp"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			return "", nil, err
		}
	}
	// A socket's path is of at most 107 bytes (unix(7)), so it is not in dir.
	sockets, err := os.MkdirTemp("", "webdav-")
	if err != nil {
		return "", nil, err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(sockets)
		}
	}()
	socket := filepath.Join(sockets, "socket")
	config := fmt.Sprintf(`
daemon off;
master_process off;
pid %[1]s/pid;
error_log %[1]s/errors;
events {}
http {
  access_log off;
  client_max_body_size 0;
  client_body_temp_path %[1]s/tmp;
  proxy_temp_path %[1]s/tmp;
  fastcgi_temp_path %[1]s/tmp;
  uwsgi_temp_path %[1]s/tmp;
  scgi_temp_path %[1]s/tmp;
  server {
    listen unix:%[2]s;
    root %[1]s/store;
    location / { dav_methods PUT; create_full_put_path on; }
  }
}
`, dir, socket)
	file, log := filepath.Join(dir, "nginx.conf"), filepath.Join(dir, "errors")
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
		return "", nil, err
	}
	process, err := listen(exec.Command("nginx", "-e", log, "-c", file), socket, log)
	if err != nil {
		return "", nil, fmt.Errorf("start nginx: %w", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, errors.Join(err, process.kill())
	}
	proxy := &http.Server{Handler: &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: "http", Host: "localhost"}) },
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				var d net.Dialer
				return d.DialContext(ctx, "unix", socket)
			},
			DisableCompression: true,
			// A PUT that meets with nginx closing an idle connection could not be sent again.
			DisableKeepAlives: true,
		},
	}}
	go proxy.Serve(listener)
	stop = func() error { return errors.Join(proxy.Close(), process.kill(), os.RemoveAll(sockets)) }
	return listener.Addr().String(), stop, nil
}
