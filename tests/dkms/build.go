// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"
)

// A pkg is a package's sources, /usr/src/NAME-VERSION.
type pkg struct{ name, version string }

// packageName is the assignment of a dkms.conf.
var packageName = regexp.MustCompile(`(?m)^PACKAGE_NAME="?([^"\n]+)"?\s*$`)

// packages are those that a root has the sources of, by name.
func packages(root string) ([]pkg, error) {
	files, err := filepath.Glob(filepath.Join(root, "usr/src/*/dkms.conf"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("found no usr/src/*/dkms.conf in %s; run tools/debian/setup KHEADERS_DKMS_ROOT", root)
	}
	var all []pkg
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		m := packageName.FindSubmatch(text)
		if m == nil {
			return nil, fmt.Errorf("read %s: no PACKAGE_NAME", file)
		}
		dir := filepath.Base(filepath.Dir(file))
		version, ok := strings.CutPrefix(dir, string(m[1])+"-")
		if !ok {
			return nil, fmt.Errorf("read %s: PACKAGE_NAME is %s, expected the directory's name to begin with it", file, m[1])
		}
		all = append(all, pkg{string(m[1]), version})
	}
	return all, nil
}

// enter makes a root of layers, in namespaces that unshare(1) has made, and runs
// a command in it. A string that mount(8) gives to fsconfig(2) has at most 255
// bytes: the layers have short names, relative to the directory that it runs in.
const enter = `lower=$1 upper=$2 work=$3 root=$4; shift 4
mount -t overlay -o "lowerdir=$lower,upperdir=$upper,workdir=$work" overlay "$root"
mount --rbind /dev "$root/dev"
mount --rbind /proc "$root/proc"
exec chroot "$root" /usr/bin/env -i HOME=/root LANG=C PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"`

// inRoot runs a command in a root of layers, without a network. What it writes
// is in the directory upper then, what it prints in the file log.
func (c *corpus) inRoot(ctx context.Context, layers []string, upper, log string, command ...string) (err error) {
	args := []string{"--user", "--map-root-user", "--mount", "--net", "--ipc", "--uts", "--pid", "--fork", "--kill-child",
		"sh", "-ec", enter, "sh", strings.Join(layers, ":"), upper, upper + ".work", upper + ".root"}
	for _, dir := range []string{upper, upper + ".work", upper + ".root"} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
	}
	out, err := os.Create(log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	cmd := exec.CommandContext(ctx, "unshare", append(args, command...)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.dir, out, out
	return cmd.Run()
}

// A result is what became of a package on one side.
type result struct {
	verdict string
	modules map[string]string // files by name
	seconds float64
}

// builds is the verdict of a package that builds.
const builds = "builds"

// A row is a package and what became of it on both sides.
type row struct {
	pkg     pkg
	results [2]result // by side
	compared
}

// buildRow builds a package on both sides, side by side: each with one job.
func (c *corpus) buildRow(p pkg) (*row, error) {
	r := &row{pkg: p}
	var errs [2]error
	var both sync.WaitGroup
	for i, s := range c.sides {
		both.Add(1)
		go func() {
			defer both.Done()
			r.results[i], errs[i] = c.buildOne(p, s, 1)
		}()
	}
	both.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	var err error
	r.compared, err = compare(r.results[0].modules, r.results[1].modules)
	return r, err
}

// buildOne builds a package on one side.
func (c *corpus) buildOne(p pkg, s side, jobs int) (result, error) {
	upper := filepath.Join(c.dir, s.name+"-"+p.name)
	ctx, cancel := context.WithTimeout(c.ctx, limit)
	defer cancel()
	begin := time.Now()
	err := c.inRoot(ctx, s.layers, upper, upper+".log", "dkms", "build", "-m", p.name, "-v", p.version, "-k", c.release, "-a", "x86_64", "-j", fmt.Sprint(jobs))
	r := result{verdict: builds, seconds: time.Since(begin).Seconds(), modules: map[string]string{}}
	var failed *exec.ExitError
	switch {
	case c.ctx.Err() != nil:
		return r, context.Cause(c.ctx)
	case ctx.Err() != nil:
		r.verdict = fmt.Sprintf("takes more than %v", limit)
		return r, nil
	case errors.As(err, &failed):
		r.verdict, err = c.why(p, s, upper)
		return r, err
	case err != nil:
		return r, err
	}
	modules, err := filepath.Glob(filepath.Join(upper, "var/lib/dkms", p.name, p.version, c.release, "x86_64/module/*.ko"))
	if err != nil {
		return r, err
	}
	for _, file := range modules {
		r.modules[filepath.Base(file)] = file
	}
	return r, nil
}

var (
	// problem is a line of a compiler, make, or a configure script that says
	// why it ends.
	problem = regexp.MustCompile(`(?m)^.*(?:error: |ERROR: |\*\*\* ).*$`)
	// position is of a line in a file: comments that are stripped move it.
	position = regexp.MustCompile(`:[0-9]+(:[0-9]+)?: `)
)

// why is what a build that failed says first.
func (c *corpus) why(p pkg, s side, upper string) (string, error) {
	text, err := os.ReadFile(filepath.Join(upper, "var/lib/dkms", p.name, p.version, "build/make.log"))
	if errors.Is(err, os.ErrNotExist) {
		text, err = os.ReadFile(upper + ".log")
	}
	if err != nil {
		return "", err
	}
	line := strings.TrimSpace(problem.FindString(string(text)))
	if line == "" {
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		line = strings.TrimSpace(lines[len(lines)-1])
	}
	line = strings.ReplaceAll(line, "/var/lib/dkms/"+p.name+"/"+p.version+"/build/", "")
	for _, tree := range s.trees {
		line = strings.ReplaceAll(line, tree+"/", "")
	}
	line = strings.ReplaceAll(line, "./", "")
	return "fails: " + position.ReplaceAllString(line, ": "), nil
}
