// SPDX-License-Identifier: Apache-2.0

package bazeltest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// cacheDir is the user's cache directory. It is not below /tmp, over which
// Bazel's sandbox may put an empty one.
func cacheDir() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return cache, os.MkdirAll(cache, 0o755)
}

// TempDir makes a directory for a test's output bases and checkouts.
func TempDir(name string) (string, error) {
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	return os.MkdirTemp(cache, "rules_kheaders-"+name+"-")
}

// CopyExample copies examples/NAME to a directory of its own and returns it as a
// workspace to run this one's Bazel on. For each checkout the directory is another,
// and always the same: so is then where Bazel keeps the outputs, and what a run
// that was killed has left is taken over by the next.
func (w Workspace) CopyExample(name string) (Workspace, error) {
	cache, err := cacheDir()
	if err != nil {
		return Workspace{}, err
	}
	checkout := sha256.Sum256([]byte(w.Dir))
	w.In = filepath.Join(cache, fmt.Sprintf("rules_kheaders-%s-%x", name, checkout[:4]))
	if err := os.RemoveAll(w.In); err != nil {
		return Workspace{}, err
	}
	if err := CopyCheckout(filepath.Join(w.Dir, "examples", name), w.In); err != nil {
		return Workspace{}, errors.Join(err, os.RemoveAll(w.In))
	}
	return w, nil
}

// RemoveExample removes what CopyExample has made, with its server and its outputs.
func (w Workspace) RemoveExample() error {
	return errors.Join(w.End("clean", "--expunge"), os.RemoveAll(w.In))
}

// CopyCheckout copies a checkout, without its history and without Bazel's links
// to outputs.
func CopyCheckout(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, name)
		switch {
		case name == ".git" && d.IsDir():
			return fs.SkipDir
		case d.IsDir():
			return os.MkdirAll(target, 0o755)
		case name == ".git", strings.HasPrefix(d.Name(), "bazel-") && d.Type()&fs.ModeSymlink != 0:
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		return os.WriteFile(target, content, info.Mode().Perm())
	})
}

// AnotherEnvironment are flags by which actions see another user, locale, time
// zone and time in their environment: the strict one has none of these.
var AnotherEnvironment = []string{
	"--action_env=LC_ALL=C.UTF-8", "--action_env=TZ=Asia/Kathmandu", "--action_env=USER=another", "--action_env=SOURCE_DATE_EPOCH=1000000000",
}

// Same compares a target's files in two workspaces or output bases.
func Same(target string, first, second Workspace) error {
	a, err := first.Files(target)
	if err != nil {
		return err
	}
	b, err := second.Files(target)
	if err != nil {
		return err
	}
	if len(a) == 0 || len(a) != len(b) {
		return fmt.Errorf("%s: %d files and %d files", target, len(a), len(b))
	}
	for i := range a {
		x, err := Digest(a[i])
		if err != nil {
			return err
		}
		y, err := Digest(b[i])
		if err != nil {
			return err
		}
		if x != y {
			return &Difference{Target: target, First: a[i], Second: b[i]}
		}
	}
	return nil
}

// Digest is the SHA-256 of a file.
func Digest(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// A Difference is two files of one target that should be the same.
type Difference struct{ Target, First, Second string }

func (d *Difference) Error() string {
	return fmt.Sprintf("%s: %s and %s differ", d.Target, d.First, d.Second)
}
