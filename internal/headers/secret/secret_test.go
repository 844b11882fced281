// SPDX-License-Identifier: Apache-2.0

package secret

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestKey has what programs write: testdata/make.sh. An archive may hold what is
// made of the same keys and public.
func TestKey(t *testing.T) {
	want := map[string]string{
		"pkcs1": "an RSA private key in DER", "dsa": "a DSA private key in DER", "openssh": "an OpenSSH private key",
		"pkcs8": "a PKCS#8 private key in DER", "ec": "an EC private key in DER", "encrypted": "an encrypted private key",
		"pkcs12": "a PKCS#12 file, which holds a private key", "public": "",
	}
	files, err := filepath.Glob("testdata/*.der")
	if err != nil || len(files) < 2*len(want) {
		t.Fatalf("find testdata/*.der: %d files, %v", len(files), err)
	}
	for _, file := range files {
		form, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(file), ".der"), "-")
		want, ok := want[form]
		if !ok {
			t.Fatalf("%s: its form is not known here", file)
		}
		p, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got := Key(p); got != want {
			t.Errorf("%s: got %q, want %q", file, got, want)
		}
		if form == "openssh" {
			continue // its text is in programs that read such keys
		}
		if got := Key(within(p)); got != want {
			t.Errorf("%s in a program: got %q, want %q", file, got, want)
		}
	}
}

// within returns a key in the middle of other bytes, as a program has it that
// it was compiled into.
func within(key []byte) []byte {
	return append(append([]byte("\x7fELF\x02\x01\x01\x00text 0\x30\x82\x02\x01\x00"), key...), "\x00more"...)
}

func TestKeyOfText(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want bool
	}{
		{"-----BEGIN PRIVATE KEY-----\n", true},
		{"-----BEGIN ENCRYPTED PRIVATE KEY-----\r\n", true},
		{"-----BEGIN ANY PRIVATE KEY-----\n", true},
		{"-----BEGIN PGP PRIVATE KEY BLOCK-----\n", true},
		{"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n", true},
		{"-----BEGIN PKCS12-----\n", true},
		{"PuTTY-User-Key-File-3: ssh-ed25519\n", true},
		{"openssh-key-v1\x00\x00\x00\x00\x04none", true},
		{"SSH PRIVATE KEY FILE FORMAT 1.1\n\x00", true},
		{"char key[] = \"-----BEGIN RSA PRIVATE KEY-----\\n\"\n", true},
		{"-----BEGIN PUBLIC KEY-----\n", false},
		{"-----BEGIN CERTIFICATE-----\n", false},
		{"-----BEGIN RSA PUBLIC KEY-----\n the PRIVATE KEY is elsewhere\n", false},
		{"\x7fELF a program that knows openssh-key-v1\x00 \x02", false},
		{"", false},
	} {
		if got := Key([]byte(tt.in)); (got != "") != tt.want {
			t.Errorf("Key(%q): got %q, want a key: %v", tt.in, got, tt.want)
		}
	}
}

// Truncated and indefinite forms, which openssl does not write.
func TestKeyOfBytes(t *testing.T) {
	pfx := "\x30\x80\x02\x01\x03\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\xa0\x80"
	for in, want := range map[string]bool{
		pfx: true, pfx[:10]: false, pfx[:5]: false, "\x02\x01\x03": false, "\x30\x03\x02\x01\x00": false,
		"\x30\x0b\x02\x01\x00\x02\x01\x01\x02\x01\x01\x02\x01\x00": false,
	} {
		if got := Key([]byte(in)); (got != "") != want {
			t.Errorf("Key(%q): got %q, want a key: %v", in, got, want)
		}
	}
}

const seed = "3f2b8c1d9e0a7f6655443322110000ffeeddccbbaa99887766554433221100aa"

func TestSeeds(t *testing.T) {
	digest := fmt.Sprintf("%x", sha256.Sum256([]byte(seed)))
	files := map[string]string{
		"the seed":             seed + "\n",
		"its header":           "/*\n * keep it private\n */\nconst char *randstruct_seed = \"" + seed + "\";\n",
		"its digest":           "#define RANDSTRUCT_HASHED_SEED \"" + digest + "\"\n",
		"its digest, and more": "/* made */\n#define RANDSTRUCT_HASHED_SEED \"" + digest + "\"\n",
	}
	raw, err := hex.DecodeString(seed)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		var s Seeds
		s.Add([]byte(content))
		for in, want := range map[string]bool{
			seed:                                   true,
			"\x7fELF\x00\x00" + seed + "\x00":      true,
			"const char *s = \"" + seed + "\";":    true,
			strings.ToUpper(seed):                  true,
			"a" + seed:                             !strings.Contains(name, "digest"), // no run of 64 digits
			string(raw):                            !strings.Contains(name, "digest"),
			seed[:63]:                              false,
			digest:                                 false,
			strings.Repeat("0", 64):                false,
			"vermagic=6.12.0 RANDSTRUCT_" + digest: false,
			"#define RANDSTRUCT_HASHED_SEED \"" + digest + "\"": false,
		} {
			if got := s.In([]byte(in)); got != want {
				t.Errorf("%s is known: In(%q): got %v, want %v", name, in, got, want)
			}
		}
	}
}

// The plugin is recognised without its kernel.
func TestPlugin(t *testing.T) {
	var none Seeds
	for in, want := range map[string]bool{
		"\x7fELF\x02 randstruct_seed\x00" + seed + "\x00":               true,
		"\x7fELF\x02 randomize_performed\x00 \x00" + seed + "\x00 more": true,
		"\x7fELF\x02 randomize_performed\x00 without one":               false,
		"\x7fELF\x02 " + seed + " of something else":                    false,
		"const char *randstruct_seed; /* not the plugin */ " + seed:     false,
	} {
		if got := none.In([]byte(in)); got != want {
			t.Errorf("In(%q): got %v, want %v", in, got, want)
		}
	}
}

func FuzzSecret(f *testing.F) {
	f.Add([]byte("\x30\x80\x02\x01\x03\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"))
	f.Add([]byte("\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20" + seed[:32]))
	f.Add([]byte("#define RANDSTRUCT_HASHED_SEED \"" + seed + "\""))
	f.Fuzz(func(t *testing.T, p []byte) {
		Key(p)
		var s Seeds
		s.Add(p)
		s.In(p)
		// What is a key stays one with text around it.
		if Key(p) != "" && bytes.HasPrefix(p, []byte{0x30}) && Key(append([]byte("\x00\x01\x7f"), p...)) == "" {
			t.Errorf("%q is a key, and none behind other bytes", p)
		}
	})
}
