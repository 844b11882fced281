// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/rules-kheaders/rules_kheaders/tests/internal/bazeltest"
)

// useTools is what a release's notes say to add.
const useTools = `
tools = use_extension("@rules_kheaders//rules:extensions.bzl", "tools")
tools.release(lock = "//:tools.lock.json")
use_repo(tools, "kheaders_tools")
register_toolchains("@kheaders_tools//:all")
`

// releasedTools builds the module with programs that are downloaded, from a
// local server, as a release's lock file says.
func (v *vendor) releasedTools(ours bazeltest.Workspace) (err error) {
	assets := filepath.Join(v.In, "assets")
	if err := makeAssets(ours, assets); err != nil {
		return err
	}
	var asked sync.Map
	address, end, err := serve(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.URL.Path, true)
		http.ServeFile(w, r, filepath.Join(assets, filepath.Base(r.URL.Path)))
	})
	if err != nil {
		return err
	}
	defer end()
	lock, err := os.ReadFile(filepath.Join(assets, "tools.lock.json"))
	if err != nil {
		return err
	}
	lock = regexp.MustCompile(`https://[^"]*/`).ReplaceAll(lock, []byte(fmt.Sprintf("http://%s/", address)))
	mine, err := os.ReadFile(filepath.Join(v.In, "MODULE.bazel"))
	if err != nil {
		return err
	}
	if err := errors.Join(
		os.WriteFile(filepath.Join(v.In, "tools.lock.json"), lock, 0o644),
		os.WriteFile(filepath.Join(v.In, "MODULE.bazel"), append(bytes.Clone(mine), useTools...), 0o644),
	); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.WriteFile(filepath.Join(v.In, "MODULE.bazel"), mine, 0o644)) }()
	if _, err := v.Run("build", "--repository_cache=", "--norepository_disable_download", "//:blink"); err != nil {
		return err
	}
	if _, ok := asked.Load("/kmodule-linux_amd64"); !ok {
		return errors.New("the module was built and nobody asked the server for kmodule")
	}
	actions, err := v.Run("aquery", "--norepository_disable_download", "deps(//:blink)")
	if err != nil {
		return err
	}
	if strings.Contains(string(actions), "Mnemonic: GoLink") || !strings.Contains(string(actions), "Mnemonic: KernelModule") {
		return errors.New("the graph of //:blink links Go programs, or builds no module; expected the release's programs")
	}
	// Another digest is refused.
	bad := regexp.MustCompile(`"packer": "[0-9a-f]{8}`).ReplaceAll(lock, []byte(`"packer": "00000000`))
	if err := os.WriteFile(filepath.Join(v.In, "tools.lock.json"), bad, 0o644); err != nil {
		return err
	}
	return v.fails([]string{"build", "--repository_cache=", "--norepository_disable_download", "//:blink"}, "packer", "00000000")
}

// makeAssets writes a release's programs for this machine, and their lock file.
func makeAssets(ours bazeltest.Workspace, dir string) error {
	const release = "//tools/release:release"
	programs := []string{"kmodule", "krun", "packer", "patcher"}
	targets := []string{release}
	for _, p := range programs {
		targets = append(targets, "//tools/release:linux_amd64/"+p)
	}
	if _, err := ours.Run(append([]string{"build"}, targets...)...); err != nil {
		return err
	}
	args := []string{"--assets", "--module", filepath.Join(ours.Dir, "MODULE.bazel")}
	for i, p := range programs {
		file, err := ours.File(targets[i+1])
		if err != nil {
			return err
		}
		args = append(args, "--program", "linux_amd64/"+p+"="+file)
	}
	program, err := ours.File(release)
	if err != nil {
		return err
	}
	if out, err := exec.Command(program, append(args, dir)...).CombinedOutput(); err != nil {
		return fmt.Errorf("make a release's programs: %w: %s", err, bytes.TrimSpace(out))
	}
	return nil
}
