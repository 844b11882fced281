// SPDX-License-Identifier: Apache-2.0

//go:build linux

package device

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/untar"
	"github.com/rules-kheaders/rules_kheaders/internal/carrier/stamp"
)

// recordName is the file of a tree that says what it is. It is written last: a
// tree without it is not one of this program's.
const recordName = ".kheaders-tree.json"

// A record is what a later run needs to know of a tree.
type record struct {
	MadeBy  string `json:"made_by"`
	Release string `json:"release"`
	Archive string `json:"archive"` // the file
	Content string `json:"sha256"`
	Files   int    `json:"files"`
	Given   bool   `json:"given,omitempty"` // by the user, with --from
	// Seen are the files that were there to be looked into, up to the archive,
	// by their fingerprints: while they stay so, the tree is the right one.
	Seen map[string]string `json:"seen"`
	Boot string            `json:"boot,omitempty"` // the boot it was made in
	// HostTools says why modules cannot be built yet, "" when they can.
	HostTools   string  `json:"host_tools,omitempty"`
	ToolSeconds float64 `json:"host_tools_seconds,omitempty"` // to compile them
	BTF         string  `json:"btf,omitempty"`                // why modules get no BTF
}

const madeBy = "kheaders"

// maxFiles bounds what an archive may unpack to.
const maxFiles = 1 << 18

// Tree is a kernel's headers in a directory.
type Tree struct {
	Dir     string `json:"dir"`
	Memory  bool   `json:"in_memory"`
	Release string `json:"release"`
	Files   int    `json:"files"`
	Bytes   int64  `json:"bytes,omitempty"` // of the files
	Content string `json:"sha256"`          // of the archive's content
	Made    bool   `json:"made"`            // by this run; false: it was there
	// HostTools and BTF say what is missing, "" when nothing is.
	HostTools   string  `json:"host_tools,omitempty"`
	ToolSeconds float64 `json:"host_tools_seconds,omitempty"` // to compile them
	BTF         string  `json:"btf,omitempty"`

	seen    map[string]string
	archive string
	given   bool
	boot    string
}

// trees are the directories that a tree of a release may be in, memory first.
func (d *Device) trees(release string) (memory, disk string, err error) {
	if memory, err = d.path(inMemory, release); err != nil {
		return "", "", err
	}
	disk, err = d.path(onDisk, prefix+release)
	return memory, disk, err
}

// readRecord reads a tree. It is errNone where there is nothing, and another
// error for a directory that this program did not make.
func readRecord(dir string, memory bool) (*Tree, error) {
	p, err := os.ReadFile(filepath.Join(dir, recordName))
	if errors.Is(err, fs.ErrNotExist) {
		entries, err := os.ReadDir(dir)
		if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
			return nil, errNone
		}
		if err == nil {
			err = errors.New("kheaders did not make this directory: it has no " + recordName)
		}
		return nil, fmt.Errorf("read tree %s: %w; expected nothing there: move it away", dir, err)
	}
	if err != nil {
		return nil, fmt.Errorf("read tree %s: %w", dir, err)
	}
	var r record
	if err := json.Unmarshal(p, &r); err != nil || r.MadeBy != madeBy {
		return nil, fmt.Errorf("read tree %s: %s is not kheaders' own; expected nothing there: move it away", dir, recordName)
	}
	return &Tree{Dir: dir, Memory: memory, Release: r.Release, Files: r.Files, Content: r.Content, HostTools: r.HostTools, ToolSeconds: r.ToolSeconds, BTF: r.BTF,
		seen: r.Seen, archive: r.Archive, given: r.Given, boot: r.Boot}, nil
}

// writeRecord writes what readRecord reads, at once.
func (t *Tree) writeRecord(dir string) error {
	p, err := json.MarshalIndent(record{MadeBy: madeBy, Release: t.Release, Archive: t.archive, Content: t.Content, Files: t.Files,
		Given: t.given, Seen: t.seen, Boot: t.boot, HostTools: t.HostTools, ToolSeconds: t.ToolSeconds, BTF: t.BTF}, "", "\t")
	if err != nil {
		return err
	}
	file := filepath.Join(dir, recordName)
	if err := os.WriteFile(file+".new", append(p, '\n'), 0o644); err != nil {
		os.Remove(file + ".new")
		return fmt.Errorf("write %s: %w", recordName, err)
	}
	return os.Rename(file+".new", file)
}

// seeing returns the fingerprints of the candidates up to a file.
func (d *Device) seeing(release, file string) (map[string]string, error) {
	all, err := d.candidates(release)
	if err != nil {
		return nil, err
	}
	seen := map[string]string{}
	for _, c := range all {
		if print, err := fingerprint(c.file); err == nil {
			seen[c.file] = print
		}
		if c.file == file {
			break
		}
	}
	return seen, nil
}

// current says whether a tree is what a new one would be, by what little can be
// read in no time.
func (d *Device) current(t *Tree) bool {
	if d.From == "" && t.given {
		return true // what the user chose stays until something else is asked for
	}
	if d.From != "" && d.From != t.archive {
		return false
	}
	// A module that carried the archive is not loaded again to ask it.
	if _, err := os.Stat("/" + shown); err != nil && d.From == "" && t.archive == "/"+shown && t.boot == bootID() {
		return true
	}
	seen, err := d.seeing(t.Release, t.archive)
	if err != nil || len(seen) == 0 || len(seen) != len(t.seen) {
		return false
	}
	for file, print := range seen {
		if t.seen[file] != print {
			return false
		}
	}
	return true
}

// bootID tells one boot from another.
func bootID() string {
	p, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(p))
}

// fill unpacks an archive into a directory that is empty or not there, and
// completes it. The digest of the content is compared on the way.
func (d *Device) fill(a *Archive, dir string) (*Tree, error) {
	r, size, err := a.src.Tar()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", a.File, err)
	}
	m := d.meter(r, "unpacking", size)
	counts, err := untar.Extract(dir, readAhead(m), untar.Limits{Bytes: size, Members: maxFiles})
	m.end()
	if err != nil {
		return nil, fmt.Errorf("unpack %s: %w", a.File, err)
	}
	t := &Tree{Dir: dir, Release: a.Release, Files: counts.Files, Bytes: counts.Bytes, Content: a.Content, Made: true, archive: a.File, given: d.From != "", boot: bootID()}
	if t.seen, err = d.seeing(a.Release, a.File); err != nil {
		return nil, err
	}
	c, err := readTree(dir)
	if err != nil {
		return nil, err
	}
	if a.State == stamp.StateForeign && c.noModules() != "" {
		d.warn("%s has headers alone, as upstream's archives have: eBPF tools can use it, and no module can be built", a.File)
	}
	if err := d.complete(t, dir, c); err != nil {
		return nil, err
	}
	return t, t.writeRecord(dir)
}

// complete adds what the archive cannot have: host tools for this machine, and
// the kernel's BTF.
func (d *Device) complete(t *Tree, dir string, c *contents) error {
	t.HostTools, t.BTF = "", ""
	if c.noModules() != "" {
		return nil
	}
	if err := d.hostTools(t, dir, c); err != nil {
		return err
	}
	return d.linkBTF(t, dir, c)
}

// Text says for people where the headers are, and what they are good for.
func (t *Tree) Text(w io.Writer) error {
	var b strings.Builder
	did, where := "are up to date", "on disk"
	if t.Made {
		did = "are there now"
	}
	if t.Memory {
		where = "in memory until reboot"
	}
	fmt.Fprintf(&b, "the headers of %s %s: %s, %s\n", t.Release, did, t.Dir, where)
	if t.HostTools != "" {
		fmt.Fprintf(&b, "no modules can be built yet: %s\n", t.HostTools)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
