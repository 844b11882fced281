// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/rules-kheaders/rules_kheaders/internal/execlog"
)

var cachedTargets = []string{"//tests/remote:cached", "//tests/remote:cached_vmlinux", "//tests/remote:cached_extract"}

// webdav builds with an empty HTTP cache, loses the outputs, and builds again.
// What comes before them is made first and all of it fetched, for what is only in
// the machine's own cache would be missed in the empty one.
func (e *environment) webdav() error {
	address, stop, err := nginx(filepath.Join(e.dir, "nginx"))
	if err != nil {
		return err
	}
	defer stop()
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

// nginx starts a WebDAV server on loopback.
func nginx(dir string) (address string, stop func(), err error) {
	if err := need("nginx"); err != nil {
		return "", nil, err
	}
	// Bazel's two stores are directories of it.
	for _, d := range []string{"store/ac", "store/cas", "tmp"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			return "", nil, err
		}
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	address = free.Addr().String()
	free.Close()
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
    listen %[2]s;
    root %[1]s/store;
    location / { dav_methods PUT; create_full_put_path on; }
  }
}
`, dir, address)
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
		return "", nil, err
	}
	cmd := exec.Command("nginx", "-e", filepath.Join(dir, "errors"), "-c", file)
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		cmd.Process.Kill()
		cmd.Wait()
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		c, err := net.Dial("tcp", address)
		if err == nil {
			return address, stop, c.Close()
		}
		if time.Now().After(deadline) {
			stop()
			text, _ := os.ReadFile(filepath.Join(dir, "errors"))
			return "", nil, fmt.Errorf("nginx does not listen on %s after a minute: %.500s", address, text)
		}
	}
}
