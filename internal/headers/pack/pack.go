// SPDX-License-Identifier: Apache-2.0

// Package pack turns kernel trees into the content of an archive: it selects
// files, checks that they belong together, takes comments out, and writes tar
// members that are the same bytes on every machine.
package pack

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/container"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/hugepage"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/lzma2"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/manifest"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/ustar"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/xz"
	"github.com/rules-kheaders/rules_kheaders/internal/headers/cstrip"
	"github.com/rules-kheaders/rules_kheaders/internal/headers/elfstrip"
	"github.com/rules-kheaders/rules_kheaders/internal/headers/profile"
	"github.com/rules-kheaders/rules_kheaders/internal/headers/symvers"
	"github.com/rules-kheaders/rules_kheaders/internal/headers/tree"
)

// symversName is the member that tells this archive from upstream's. It comes
// first, so that a reader of a slow carrier has it at once.
const symversName = "Module.symvers"

// configName is the member that scripts of drivers look options up in.
const configName = ".config"

// Comments says what becomes of the comments in headers.
type Comments string

// The ways with comments.
const (
	Strip     Comments = "strip" // take them out, and the lines they leave empty
	StripKeep Comments = "lines" // take them out, keep every line's number
	Keep      Comments = "keep"  // leave them in
)

// Options are the inputs of Pack.
type Options struct {
	Profile string   // a name that profile.Load knows
	Series  string   // "" to take it from the release
	Arch    string   // as profile.SourceArch takes it
	Trees   []string // directories and tar archives
	Lists   []string // files that list files of a tree, NAME=FILE
	Symvers string   // file; needed for the module profile
	Config  string   // file; needed for the module profile
	Release string   // file, or the release itself; "" to take it from a tree

	// AllowSeed permits a kernel with RANDSTRUCT, whose seed the archive then holds.
	AllowSeed bool

	Add              []tree.Addition
	Include, Exclude []string // patterns, over what the profile says

	HostTools HostTools // "" for the default

	Epoch    int64 // mtime of the members, in seconds since 1970
	Comments Comments
	Encoder  lzma2.Encoder
	Workers  int // goroutines; 0 for as many as there are cores. The result does not depend on it

	// MemoryLimit is how many bytes of memory may be needed, about; 0 for any number.
	MemoryLimit int64

	Progress func(step string) // told what is being done; may be nil
}

// Result is what Pack made.
type Result struct {
	Archive  *container.Archive
	Manifest []manifest.Entry
	Report   Report
	Files    []string // that the members are of; one in a tar is called TAR(NAME)
	members  []ustar.Member
}

// Pack makes an archive. What is wrong with the inputs is an error that names
// the files concerned.
func Pack(o Options) (*Result, error) {
	if o.Epoch < 0 || o.Epoch > ustar.MaxEpoch {
		return nil, fmt.Errorf("set dates to %d: expected seconds since 1970, up to %d", o.Epoch, int64(ustar.MaxEpoch))
	}
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	step := o.Progress
	if step == nil {
		step = func(string) {}
	}
	step(fmt.Sprintf("selecting files from %s", strings.Join(slices.Concat(o.Trees, o.Lists), ", ")))
	sources, prof, rel, guard, err := collect(o)
	if err != nil {
		return nil, err
	}
	step(fmt.Sprintf("reading %d files of Linux %s", len(sources), rel))
	members, entries, err := read(sources, o, guard)
	if err != nil {
		return nil, err
	}
	members, entries, sources = namedLicences(members, entries, sources)
	content, err := render(members, o.Epoch)
	if err != nil {
		return nil, err
	}
	tarSize := int64(content.Len())
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	need := o.Encoder.Memory(tarSize, o.Workers)
	step(fmt.Sprintf("compressing %d bytes, preset %s, %d workers: needs about %d MiB of memory", tarSize, o.Encoder.Name(), o.Workers, need>>20))
	if o.MemoryLimit != 0 && need > o.MemoryLimit {
		return nil, fmt.Errorf("compress %d bytes, preset %s, %d workers: needs about %d MiB of memory, expected at most %d; run on fewer cores (GOMAXPROCS=1), or give --memory-limit %d",
			tarSize, o.Encoder.Name(), o.Workers, need>>20, o.MemoryLimit>>20, need>>20+1)
	}
	block, err := o.Encoder.Encode(content, o.Workers)
	if err != nil {
		return nil, err
	}
	digest := sha256.New()
	for _, piece := range content {
		digest.Write(piece)
	}
	archive := &container.Archive{
		Marker: container.Marker{
			Stamped: true,
			Release: rel,
			Members: len(members),
			Content: [32]byte(digest.Sum(nil)),
		},
		Content: []xz.Block{block},
	}
	files := make([]string, len(sources))
	for i, f := range sources {
		files[i] = f.where
	}
	return &Result{
		Archive:  archive,
		Files:    files,
		Manifest: entries,
		members:  members,
		Report: Report{
			Release: rel, Profile: prof.Name, Series: prof.Series.String(), Arch: prof.Arch,
			Members: len(members), TarBytes: tarSize, MinCapacity: archive.MinSize(),
			ContentSHA256: fmt.Sprintf("%x", archive.Marker.Content), Preset: o.Encoder.Name(),
			Comments: o.Comments, Epoch: o.Epoch, Lacks: guard.lacks,
		},
	}, nil
}

// collect checks the inputs and returns the files they select, in the order
// they have in the archive.
func collect(o Options) (sources []source, prof profile.Profile, rel string, g guard, err error) {
	if len(o.Trees)+len(o.Lists) == 0 {
		return nil, prof, "", g, errors.New("no tree was given, expected the kernel's source and what its build generated")
	}
	s := selection{paths: slices.Concat(o.Trees, o.Lists)}
	for _, path := range o.Trees {
		t, err := tree.Open(path)
		if err != nil {
			return nil, prof, "", g, err
		}
		s.trees = append(s.trees, t)
	}
	for _, path := range o.Lists {
		t, err := tree.OpenList(path)
		if err != nil {
			return nil, prof, "", g, err
		}
		s.trees = append(s.trees, t)
	}
	if rel, err = findRelease(o.Release, s.trees); err != nil {
		return nil, prof, "", g, err
	}
	var conf config
	if o.Config != "" {
		if conf, err = readConfig(o.Config, s.trees); err != nil {
			return nil, prof, "", g, err
		}
	}
	series, err := profile.ParseSeries(cmp.Or(o.Series, rel))
	if err != nil {
		return nil, prof, "", g, err
	}
	if prof, err = profile.Load(o.Profile, series, o.Arch, conf.enabled); err != nil {
		return nil, prof, "", g, err
	}
	s.profile = prof
	if s.trees, err = toolTrees(s.trees, prof.Arch, conf); err != nil {
		return nil, prof, "", g, err
	}
	if g, err = newGuard(s.trees, o.Config, conf, o.AllowSeed); err != nil {
		return nil, prof, "", g, err
	}
	s.guard = g
	if s.include, err = compile(o.Include); err != nil {
		return nil, prof, "", g, err
	}
	if s.exclude, err = compile(o.Exclude); err != nil {
		return nil, prof, "", g, err
	}
	extra, err := additions(o, conf)
	if err != nil {
		return nil, prof, "", g, err
	}
	s.hostTools = o.HostTools
	if sources, err = s.run(extra); err != nil {
		return nil, prof, "", g, err
	}
	if i := slices.IndexFunc(sources, func(f source) bool { return f.name == symversName }); i > 0 {
		first := sources[i]
		copy(sources[1:], sources[:i])
		sources[0] = first
	}
	return sources, prof, rel, g, nil
}

func compile(texts []string) (patterns []profile.Pattern, err error) {
	for _, text := range texts {
		p, err := profile.CompilePattern(text)
		if err != nil {
			return nil, err
		}
		patterns = append(patterns, p)
	}
	return patterns, nil
}

// isModule reports whether modules are to be built with a profile.
func isModule(name string) bool { return slices.Contains(strings.Split(name, "+"), "module") }

// additions returns the members that are not from a tree.
func additions(o Options, conf config) ([]source, error) {
	var extra []source
	module := isModule(o.Profile)
	if module && o.Symvers == "" {
		return nil, fmt.Errorf("pack profile %s: no Module.symvers was given, and modules cannot be built without", o.Profile)
	}
	if module && conf == nil {
		return nil, fmt.Errorf("pack profile %s: no .config was given, and it decides what modules are built with", o.Profile)
	}
	if o.Symvers != "" {
		p, err := tree.ReadFile(o.Symvers)
		if err != nil {
			return nil, fmt.Errorf("read symbols: %w", err)
		}
		symbols, err := symvers.Parse(o.Symvers, p)
		if err == nil {
			err = symvers.Check(o.Symvers, symbols, conf.enabled("CONFIG_MODVERSIONS"))
		}
		if err != nil {
			return nil, fmt.Errorf("read symbols: %w", err)
		}
		if module {
			extra = append(extra, source{symversName, o.Symvers, func(dst []byte) ([]byte, error) { return append(dst, p...), nil }})
		}
	}
	if module {
		// The trees' own, if they have one, may be of another build's directory.
		p, err := tree.ReadFile(o.Config)
		if err != nil {
			return nil, fmt.Errorf("read config: %w", err)
		}
		extra = append(extra, source{configName, o.Config, func(dst []byte) ([]byte, error) { return append(dst, p...), nil }})
	}
	for _, a := range o.Add {
		for _, name := range []string{a.Name, filepath.Base(a.File)} {
			if p, ok := profile.Never(name, o.AllowSeed); ok {
				return nil, fmt.Errorf("add %s as %s: no archive holds %s, because all users of the machine could read it", a.File, a.Name, p)
			}
		}
		extra = append(extra, source{a.Name, a.File, func(dst []byte) ([]byte, error) { return tree.AppendFile(dst, a.File) }})
	}
	return extra, nil
}

// read reads and normalises the sources, several at a time.
func read(sources []source, o Options, g guard) ([]ustar.Member, []manifest.Entry, error) {
	members := make([]ustar.Member, len(sources))
	entries := make([]manifest.Entry, len(sources))
	errs := make([]error, len(sources))
	next := make(chan int, len(sources))
	for i := range sources {
		next <- i
	}
	close(next)
	var wg sync.WaitGroup
	for range o.Workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			n := normaliser{guard: g}
			for i := range next {
				members[i], errs[i] = n.normalise(sources[i], o.Comments)
				m := members[i]
				entries[i] = manifest.Entry{Mode: m.Mode, Size: int64(len(m.Content)), SHA256: sha256.Sum256(m.Content), Name: m.Name}
			}
		}()
	}
	wg.Wait()
	for i, err := range errs { // the first by name, not by time
		if err != nil {
			return nil, nil, fmt.Errorf("add %s: %w", sources[i].where, err)
		}
	}
	return members, entries, nil
}

// normaliser makes members of sources. Contents are put one behind another into
// large pieces of memory: what takes time before compression is mostly memory
// that is touched for the first time.
type normaliser struct {
	guard guard
	raw   []byte // has room for the largest file
	free  []byte // of the last piece
}

// pieceSize is how much memory is had at a time, in bytes.
const pieceSize = 8 << 20

// normalise reads one source and makes a member of it.
func (n *normaliser) normalise(f source, comments Comments) (ustar.Member, error) {
	p, err := f.read(n.raw[:0])
	if err != nil {
		return ustar.Member{}, err
	}
	n.raw = p
	if err := n.guard.check(p); err != nil {
		return ustar.Member{}, err
	}
	p = elfstrip.Strip(p) // a program's path of the build is nobody's business
	if edit := portable[f.name]; edit != nil {
		p = edit(p)
	}
	if cap(n.free) < len(p) {
		n.free = hugepage.Make[byte](max(pieceSize, len(p)))[:0]
	}
	m := ustar.Member{Name: f.name, Mode: 0o644}
	text := strings.HasSuffix(f.name, ".h") || strings.HasSuffix(f.name, ".c")
	switch {
	case text && comments == Strip && strings.HasPrefix(f.name, "arch/parisc/"):
		m.Content = cstrip.Append(n.free, p, cstrip.CompactLabels)
	case text && comments == Strip:
		m.Content = cstrip.Append(n.free, p, cstrip.Compact)
	case text && comments == StripKeep:
		m.Content = cstrip.Append(n.free, p, cstrip.KeepLines)
	default:
		m.Content = append(n.free, p...)
	}
	size := len(m.Content)
	m.Content, n.free = m.Content[:size:size], m.Content[size:size:cap(m.Content)]
	if !text && (bytes.HasPrefix(p, []byte("#!")) || bytes.HasPrefix(p, []byte("\x7fELF")) && !strings.HasSuffix(f.name, ".o")) {
		m.Mode = 0o755
	}
	return m, nil
}

// render makes a tar archive of the members, without an end. It shares the
// members' memory.
func render(members []ustar.Member, epoch int64) (lzma2.Part, error) {
	headers := make([]byte, 0, len(members)*ustar.BlockSize)
	tar := make(lzma2.Part, 0, 3*len(members))
	for _, m := range members {
		var err error
		if headers, err = m.AppendHeader(headers, epoch); err != nil {
			return nil, err
		}
		tar = append(tar, headers[len(headers)-ustar.BlockSize:], m.Content, m.Padding())
	}
	return tar, nil
}
