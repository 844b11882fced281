// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

const sum = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func TestRoundTrip(t *testing.T) {
	entries := []Entry{
		{0o644, 3, sha256.Sum256([]byte("abc")), "Module.symvers"},
		{0o755, 0, sha256.Sum256(nil), "scripts/a b"},
	}
	want := "0644 3 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad Module.symvers\n" +
		"0755 0 " + sum + " scripts/a b\n"
	var b bytes.Buffer
	if err := Write(&b, entries); err != nil || b.String() != want {
		t.Errorf("Write: got %q, %v; want %q", b.String(), err, want)
	}
	got, err := Parse("m", b.Bytes())
	if err != nil || !reflect.DeepEqual(got, entries) {
		t.Errorf("Parse: got %+v, %v; want %+v", got, err, entries)
	}
}

func TestParseErrors(t *testing.T) {
	tests := []struct{ in, want string }{
		{"0644 1 " + sum + "\n", "m:1: got \"0644 1 " + sum + "\", expected mode, size, sha256 and name"},
		{"0644 1 " + sum + " \n", "expected mode, size, sha256 and name"},
		{"644 1 " + sum + " a\n", `got mode "644"`},
		{"0648 1 " + sum + " a\n", `got mode "0648"`},
		{"0644 -1 " + sum + " a\n", `got size "-1"`},
		{"0644 +1 " + sum + " a\n", `got size "+1"`},
		{"0644 1 " + sum[1:] + " a\n", "expected a SHA-256"},
		{"0644 1 " + strings.ToUpper(sum) + " a\n", "expected a SHA-256"},
		{"0644 1 " + "g" + sum[1:] + " a\n", "expected a SHA-256"},
		{"0644 1 " + sum + " a\n0644 1 " + sum + " a\n", `m:2: member "a" is listed twice`},
		{"0644 1 " + sum + " a\x1b[2J\n", `m:1: member name "a\x1b[2J" is empty or holds a control character`},
		{"0644 1 " + sum + " a\r\n", `m:1: member name "a\r" is empty or holds a control character`},
	}
	for _, tt := range tests {
		if got, err := Parse("m", []byte(tt.in)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Parse(%q): got %v, %v; want an error with %q", tt.in, got, err, tt.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("0644 1 " + sum + " a\n0755 0 " + sum + " b c\n"))
	f.Add([]byte("0644  \n"))
	f.Fuzz(func(t *testing.T, p []byte) {
		entries, err := Parse("m", p)
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := Write(&b, entries); err != nil {
			t.Fatal(err)
		}
		if got, want := b.String(), string(p); strings.TrimSuffix(got, "\n") != strings.TrimSuffix(want, "\n") {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// Names that a terminal would obey, or that are not UTF-8, are shown, and stay apart.
func TestPrint(t *testing.T) {
	entries := []Entry{{Mode: 0o644, Name: "caf\xe9.h"}, {Mode: 0o644, Name: "caf\xe8.h"}, {Mode: 0o644, Name: "\u009b31m\u202e.h"}}
	var b bytes.Buffer
	if err := Print(&b, entries); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{` caf\xe9.h` + "\n", ` caf\xe8.h` + "\n", ` \u009b31m\u202e.h` + "\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("got %q, want %q in it", b.String(), want)
		}
	}
	seen := make(map[string]bool)
	for _, e := range entries {
		text, err := json.Marshal(e)
		if err != nil || seen[string(text)] {
			t.Errorf("got %s, %v, twice", text, err)
		}
		seen[string(text)] = true
	}
	if !seen[`{"mode":"0644","size":0,"sha256":"`+strings.Repeat("0", 64)+`","name":"caf\\xe9.h","name_hex":"636166e92e68"}`] {
		t.Errorf("got %v", seen)
	}
	for _, name := range []string{"\u202e.h", "\u009b.h", "a\u200fb"} {
		if err := CheckName(name); err == nil {
			t.Errorf("%q: got no error", name)
		}
	}
}
