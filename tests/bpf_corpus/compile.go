// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/rules-kheaders/rules_kheaders/internal/kernel/bpfobject"
)

// The kinds of programs.
const (
	kindSamples = "samples/bpf"
	kindLibbpf  = "libbpf-tools"
	kindBcc     = "bpfcc-tools"
	kindTrace   = "bpftrace"
)

var kinds = []string{kindSamples, kindLibbpf, kindBcc, kindTrace}

// selftests has headers that the samples include.
const selftests = "tools/testing/selftests/bpf"

// rows are the programs that are compiled here: by name, the samples first.
func (c *corpus) rows() ([]*row, error) {
	var rows []*row
	for _, glob := range []string{kindSamples + "/*_kern.c", kindSamples + "/*.bpf.c", kindLibbpf + "/*.bpf.c"} {
		if !c.wants(filepath.Dir(glob)) {
			continue
		}
		files, err := filepath.Glob(filepath.Join(c.sources, glob))
		if err != nil {
			return nil, err
		}
		if len(files) == 0 {
			return nil, fmt.Errorf("found no %s in %s", glob, c.sources)
		}
		for _, file := range tenth(c.part, files) {
			rows = append(rows, &row{kind: filepath.Dir(glob), name: filepath.Base(file)})
		}
	}
	return rows, nil
}

// compile compiles each program against both trees.
func (c *corpus) compile(rows []*row) error {
	headers := map[string][]string{}
	for kind, globs := range map[string][]string{
		kindSamples: {kindSamples + "/*.h", selftests + "/*.h"},
		kindLibbpf:  {kindLibbpf + "/*.h"},
	} {
		var err error
		if headers[kind], err = c.headerNames(globs); err != nil {
			return err
		}
	}
	type job struct {
		row  *row
		tree int
	}
	jobs := make(chan job)
	var workers sync.WaitGroup
	var once sync.Once
	var failed error
	for worker := range runtime.NumCPU() {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for j := range jobs {
				if err := c.compileOne(j.row, j.tree, worker, headers[j.row.kind]); err != nil {
					once.Do(func() { failed = fmt.Errorf("%s %s: %w", j.row.kind, j.row.name, err) })
				}
			}
		}()
	}
	for _, r := range rows {
		for t := range c.trees {
			if c.ctx.Err() == nil {
				jobs <- job{r, t}
			}
		}
	}
	close(jobs)
	workers.Wait()
	if c.ctx.Err() != nil {
		return c.ctx.Err()
	}
	return failed
}

// headerNames are the corpus's own headers and libbpf's, NAME=FILE.
func (c *corpus) headerNames(globs []string) ([]string, error) {
	var headers []string
	for _, glob := range globs {
		files, err := filepath.Glob(filepath.Join(c.sources, glob))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			headers = append(headers, filepath.Join(filepath.Dir(glob), filepath.Base(file))+"="+file)
		}
	}
	files, err := filepath.Glob(filepath.Join(c.libbpf, "*.h"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		headers = append(headers, "bpf/"+filepath.Base(file)+"="+file)
	}
	return headers, nil
}

// compileOne compiles one program against one tree, as a bpf_object would.
func (c *corpus) compileOne(r *row, t, worker int, headers []string) error {
	name := filepath.Join(r.kind, r.name)
	file := filepath.Join(c.sources, name)
	mode, err := modeOf(file)
	if err != nil {
		return err
	}
	out := filepath.Join(c.dir, "objects", c.trees[t].name, strings.ReplaceAll(r.kind, "/", "-"), strings.TrimSuffix(r.name, ".c")+".o")
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return err
	}
	o := bpfobject.Object{
		Tree:     c.trees[t].dir,
		Mode:     mode,
		Sources:  []string{name + "=" + file},
		Headers:  headers,
		Includes: []string{r.kind, selftests},
		Flags:    []string{"-w"},
		Bpftool:  c.bpftool,
		Out:      out,
		Scratch:  filepath.Join(c.dir, fmt.Sprintf("scratch%d", worker)),
		Log:      io.Discard,
	}
	if mode == bpfobject.BTF {
		o.BTF = c.vmlinux
	}
	verdict, err := o.Judge(c.trees[t].name)
	if err != nil {
		return err
	}
	r.verdicts[t] = "compiles"
	if !verdict.Compiled {
		// The two trees are in different directories.
		r.verdicts[t] = strings.ReplaceAll(verdict.Message, c.trees[t].dir+"/", "")
		r.verdicts[t] = strings.ReplaceAll(r.verdicts[t], c.sources+"/", "")
	} else if t == 0 {
		r.object = out
	}
	return nil
}

// modeOf is which headers a program is written for: the kernel's own, or its
// types in vmlinux.h.
func modeOf(file string) (bpfobject.Mode, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	for _, name := range []string{"vmlinux.h", "xdp_sample.bpf.h"} {
		if strings.Contains(string(text), name) {
			return bpfobject.BTF, nil
		}
	}
	return bpfobject.Kernel, nil
}
