// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/xz"
	"github.com/rules-kheaders/rules_kheaders/internal/carrier"
	"github.com/rules-kheaders/rules_kheaders/internal/carrier/stamp"
)

// guarded calls what is attacked, and counts a panic.
func (a *attacker) guarded(what string, call func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			a.violation(panicked, "%s: %v", what, p)
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return call()
}

// outcome counts what became of an input.
func (a *attacker) outcome(err error) {
	if err != nil {
		a.refused++
	} else {
		a.accepted++
	}
}

// mutate damages a file that is stamped, and reads it. What verifies has to have the
// content that was packed, and unpacks to the same tree.
func mutate(a *attacker) error {
	name := a.base.names[a.random.IntN(len(a.base.names))]
	p := a.mutation(a.base.files[name])
	in := filepath.Join(a.dir, "in")
	if err := os.WriteFile(in, p, 0o644); err != nil {
		return err
	}
	var verdict *stamp.Verdict
	err := a.guarded("verify "+name, func() (err error) {
		verdict, err = stamp.Verify(in, "", carrier.Options{})
		return err
	})
	a.outcome(err)
	if err == nil && verdict.ContentSHA256 != a.base.content {
		a.violation(accepted, "verify accepts %s with the content %s", name, verdict.ContentSHA256)
	}
	a.guarded("inspect "+name, func() error {
		_, err := stamp.Inspect(in, carrier.Options{})
		return err
	})
	failed := a.extract(in, err == nil)
	if err == nil && failed != nil {
		a.violation(accepted, "verify accepts %s, and extract fails: %v", name, failed)
	}
	return a.stampInto(in)
}

// mutation returns p with some damage.
func (a *attacker) mutation(p []byte) []byte {
	p = bytes.Clone(p)
	for range 1 + a.random.IntN(4) {
		if len(p) < 16 {
			break
		}
		at := a.random.IntN(len(p) - 8)
		if a.random.IntN(2) == 0 { // headers are at the ends
			at = min(at%512, len(p)-8)
			if a.random.IntN(2) == 0 {
				at = len(p) - 8 - at
			}
		}
		switch a.random.IntN(6) {
		case 0:
			p[at] ^= 1 << a.random.IntN(8)
		case 1:
			p[at] = byte(a.random.Uint32())
		case 2:
			p = p[:at]
		case 3:
			values := []uint64{0, 1, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1<<63 - 1, 1 << 63, 1<<64 - 1, uint64(len(p)), a.random.Uint64()}
			binary.LittleEndian.PutUint64(p[at:], values[a.random.IntN(len(values))])
		case 4:
			n := a.random.IntN(min(4096, len(p)-at))
			copy(p[at:at+n], p[a.random.IntN(len(p)-n):])
		case 5:
			n := a.random.IntN(min(4096, len(p)-at))
			p = append(p[:at:at], p[at+n:]...)
		}
	}
	return p
}

// extract unpacks a file into a directory beside a canary. An archive that is as it was
// has to give the tree that it was made of.
func (a *attacker) extract(in string, same bool) error {
	room := filepath.Join(a.dir, "room")
	if err := os.MkdirAll(room, 0o755); err != nil {
		return err
	}
	canary := filepath.Join(room, "canary")
	if err := os.WriteFile(canary, []byte("canary"), 0o644); err != nil {
		return err
	}
	out := filepath.Join(room, "out")
	err := a.guarded("extract", func() error {
		_, err := stamp.ExtractTree(in, out, carrier.Options{})
		return err
	})
	entries, _ := os.ReadDir(room)
	switch text, _ := os.ReadFile(canary); {
	case string(text) != "canary", len(entries) > 2:
		a.violation(escaped, "extract wrote beside its directory: %v", entries)
	case err != nil && len(entries) != 1:
		a.violation(partial, "extract fails, and leaves %v", entries)
	}
	if err == nil && same {
		if got, failed := digest(out); failed != nil || got != a.base.tree {
			a.violation(accepted, "extract gives another tree (%v)", failed)
		}
	}
	if failed := os.RemoveAll(room); failed != nil {
		return failed
	}
	return err
}

// stampInto stamps a file that may be damaged. An output has to verify.
func (a *attacker) stampInto(in string) error {
	out := filepath.Join(a.dir, "out")
	err := a.guarded("stamp", func() error {
		return stamp.Stamp(stamp.Request{Carrier: in, Archive: a.base.archive, Out: out, Restamp: true})
	})
	if err == nil {
		if _, failed := stamp.Verify(out, in, carrier.Options{}); failed != nil {
			a.violation(accepted, "stamp makes what does not verify: %v", failed)
		}
		return os.Remove(out)
	}
	if _, found := os.Lstat(out); found == nil {
		a.violation(partial, "stamp fails (%v), and leaves its output", err)
		return os.Remove(out)
	}
	return nil
}

// hostileArchive unpacks a .tar.xz whose members try to get out of the directory.
func hostileArchive(a *attacker) error {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for range 1 + a.random.IntN(6) {
		h := &tar.Header{Name: a.name(), Mode: int64(a.random.IntN(0o10000)), Typeflag: "0000125234"[a.random.IntN(10)], Linkname: a.name(), ModTime: time.Unix(0, 0)}
		var text string
		if h.Typeflag == tar.TypeReg {
			text = "hostile"
			h.Size = int64(len(text))
		}
		if w.WriteHeader(h) == nil {
			w.Write([]byte(text))
		}
	}
	w.Close()
	p := b.Bytes()
	if a.random.IntN(4) == 0 {
		p = a.mutation(p)
	}
	in := filepath.Join(a.dir, "in")
	if err := os.WriteFile(in, xz.AppendStream(nil, []xz.Block{xz.Stored(p)}), 0o644); err != nil {
		return err
	}
	a.outcome(a.extract(in, false))
	return nil
}

// name returns one that may lead anywhere.
func (a *attacker) name() string {
	parts := []string{"a", "b", "d", "..", ".", "", "canary", "out", "\x00", "\u202e", "/", "../canary", "/tmp/canary", ".rules_kheaders.unfinished"}
	name := parts[a.random.IntN(len(parts))]
	for range a.random.IntN(4) {
		name += "/" + parts[a.random.IntN(len(parts))]
	}
	return name
}
