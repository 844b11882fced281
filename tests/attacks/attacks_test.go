// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if os.Getenv(asWorker) != "" {
		os.Exit(worker.Main(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// Every campaign attacks, and finds nothing.
func TestAttack(t *testing.T) {
	var out bytes.Buffer
	if err := attack(&out, 3*time.Second, 1, ""); err != nil {
		t.Errorf("%v\n%s", err, &out)
	}
	if lines := strings.Count(out.String(), "\n"); lines != 1+len(campaigns) {
		t.Errorf("got:\n%s", &out)
	}
}

// What must not be is counted, and is the error.
func TestViolations(t *testing.T) {
	b, err := newBase(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	fresh := func() *attacker {
		return &attacker{random: rand.New(rand.NewPCG(1, 1)), dir: t.TempDir(), base: b, tally: tally{broken: map[string]int{}}}
	}
	a := fresh()
	a.guarded("it", func() error { panic("no") })
	if a.broken[panicked] != 1 {
		t.Errorf("panic: got %v", a.broken)
	}
	for _, tt := range []struct {
		name      string
		plant     func(dir string) error
		succeeded bool
		want      string
	}{
		{"no output", func(string) error { return nil }, true, accepted},
		{"half an output", func(dir string) error { return os.WriteFile(filepath.Join(dir, "out"), []byte("half"), 0o644) }, false, partial},
		{"a temporary file", func(dir string) error { return os.WriteFile(filepath.Join(dir, ".tmp"), nil, 0o644) }, false, partial},
	} {
		a, dir := fresh(), t.TempDir()
		if err := tt.plant(dir); err != nil {
			t.Fatal(err)
		}
		a.check(&job{dir: dir, out: filepath.Join(dir, "out")}, tt.succeeded, tt.name)
		if a.broken[tt.want] != 1 || !strings.HasPrefix(a.first, tt.want+": ") {
			t.Errorf("%s: got %v, %q", tt.name, a.broken, a.first)
		}
	}
	campaigns = []campaign{{"planted", 100, func(a *attacker) error { a.violation(escaped, "it"); return nil }}}
	var out bytes.Buffer
	if err := attack(&out, time.Millisecond, 7, ""); err == nil || err.Error() != "planted: escape: it; run again with -seed 7" {
		t.Errorf("got %v", err)
	}
}
