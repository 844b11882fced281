// SPDX-License-Identifier: Apache-2.0

// Package manifest is the text that says what an archive holds: a line for each
// member, in the archive's order. It is what golden tests keep and people diff.
//
//	0644 1717437 9f86d0…0f00a08 Module.symvers
//
// The fields are the mode in octal, the size in bytes, the SHA-256 of the
// content, and the name, which comes last and may hold blanks. An empty member's
// SHA-256 is that of no bytes.
package manifest

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/printable"
)

// Entry describes one member.
type Entry struct {
	Mode   uint32 // permission bits
	Size   int64  // bytes
	SHA256 Digest
	Name   string // relative, with slashes
}

// Digest is a SHA-256.
type Digest [32]byte

// MarshalJSON writes an entry as its line says it, mode and digest in digits. A name
// that is not UTF-8, which JSON cannot hold, is escaped, and is in hex too: two such
// names stay two.
func (e Entry) MarshalJSON() ([]byte, error) {
	name, bytes := e.Name, ""
	if !utf8.ValidString(name) {
		name, bytes = printable.Text(name), hex.EncodeToString([]byte(name))
	}
	return json.Marshal(struct {
		Mode    string `json:"mode"`
		Size    int64  `json:"size"`
		SHA256  string `json:"sha256"`
		Name    string `json:"name"`
		NameHex string `json:"name_hex,omitempty"`
	}{fmt.Sprintf("%04o", e.Mode), e.Size, fmt.Sprintf("%x", e.SHA256), name, bytes})
}

// String returns the line without its newline.
func (e Entry) String() string {
	return fmt.Sprintf("%04o %d %x %s", e.Mode, e.Size, e.SHA256, e.Name)
}

// Write writes the lines of entries.
func Write(w io.Writer, entries []Entry) error {
	b := bufio.NewWriter(w) // its errors stay until Flush
	for _, e := range entries {
		b.WriteString(e.String())
		b.WriteByte('\n')
	}
	return b.Flush()
}

// Print writes the lines for people, of names that anybody may have made: what a
// terminal would obey is shown. Parse reads the others.
func Print(w io.Writer, entries []Entry) error {
	b := bufio.NewWriter(w)
	for _, e := range entries {
		b.WriteString(printable.Text(e.String()))
		b.WriteByte('\n')
	}
	return b.Flush()
}

// Parse reads what Write wrote. name is the file's, for the errors, which begin
// with it and the line. A name that occurs twice is an error.
func Parse(name string, p []byte) ([]Entry, error) {
	var entries []Entry
	seen := make(map[string]bool)
	line := 0
	for text := range strings.Lines(string(p)) {
		line++
		e, err := parseLine(strings.TrimSuffix(text, "\n"))
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, line, err)
		}
		if seen[e.Name] {
			return nil, fmt.Errorf("%s:%d: member %q is listed twice", name, line, e.Name)
		}
		seen[e.Name] = true
		entries = append(entries, e)
	}
	return entries, nil
}

// CheckName fails for a name that is none, or that a line cannot hold: it would
// be two lines, or obeyed by a terminal.
func CheckName(name string) error {
	if name == "" || utf8.ValidString(name) && !printable.Is(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return fmt.Errorf("member name %q is empty or holds a control character or a mark of direction, expected one such as include/linux/kernel.h", name)
	}
	return nil
}

func parseLine(text string) (Entry, error) {
	f := strings.SplitN(text, " ", 4)
	if len(f) != 4 || f[3] == "" {
		return Entry{}, fmt.Errorf("got %q, expected mode, size, sha256 and name", text)
	}
	mode, err := strconv.ParseUint(f[0], 8, 12)
	if err != nil || len(f[0]) != 4 {
		return Entry{}, fmt.Errorf("got mode %q, expected four octal digits", f[0])
	}
	size, err := strconv.ParseInt(f[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != f[1] {
		return Entry{}, fmt.Errorf("got size %q, expected a number of bytes", f[1])
	}
	if err := CheckName(f[3]); err != nil {
		return Entry{}, err
	}
	e := Entry{Mode: uint32(mode), Size: size, Name: f[3]}
	if len(f[2]) != hex.EncodedLen(len(e.SHA256)) || f[2] != strings.ToLower(f[2]) {
		return Entry{}, fmt.Errorf("got %q, expected a SHA-256 in 64 lower-case hexadecimal digits", f[2])
	}
	if _, err := hex.Decode(e.SHA256[:], []byte(f[2])); err != nil {
		return Entry{}, fmt.Errorf("got %q, expected a SHA-256 in 64 lower-case hexadecimal digits", f[2])
	}
	return e, nil
}
