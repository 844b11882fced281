// SPDX-License-Identifier: Apache-2.0

package stamp

import (
	"crypto/sha256"
	"fmt"
	"io"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/rules-kheaders/rules_kheaders/internal/carrier"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/printable"
)

// States of a reservation, in Info.State.
const (
	StateStamped     = "stamped"
	StatePlaceholder = "placeholder"
	StateForeign     = "foreign" // an .xz file that packer did not make, as upstream's
	StateUnknown     = "unknown" // anything else
)

// Info says what a file carries. Sizes and offsets are in bytes, digests
// SHA-256 in hex; texts that are not known are left out of the JSON, and
// Used, Free and Members are 0 if packer did not make the archive. In a file
// that wraps another, Offset is that in the innermost.
type Info struct {
	File          string `json:"file"`
	Kind          string `json:"kind"`
	LocatedBy     string `json:"located_by,omitempty"`
	LocatedName   string `json:"located_name,omitempty"`
	Offset        int64  `json:"offset"`
	Capacity      int64  `json:"capacity"`
	State         string `json:"state"`
	Stamped       bool   `json:"stamped"`
	Used          int64  `json:"used"`
	Free          int64  `json:"free"`
	Members       int    `json:"members"`
	Release       string `json:"release,omitempty"`        // the archive's
	KernelRelease string `json:"kernel_release,omitempty"` // the carrier's
	Signed        bool   `json:"signed"`
	SHA256        string `json:"sha256"`
	ContentSHA256 string `json:"content_sha256,omitempty"`
}

// Inspect reads what a carrier, what wraps one, or an archive says of itself. It decodes no
// content; that is for Verify.
func Inspect(path string, o carrier.Options) (*Info, error) {
	in, err := open(path, aFile)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	at, err := in.locateInside(o)
	if err != nil {
		return nil, err
	}
	return in.info(at)
}

func (in *input) info(at *reserved) (*Info, error) {
	digest := sha256.New()
	if _, err := io.Copy(digest, at.bytes()); err != nil {
		return nil, fmt.Errorf("read %s: %w", in.path, err)
	}
	info := &Info{
		File:          forJSON(in.path),
		Kind:          at.Kind,
		LocatedBy:     at.How,
		LocatedName:   forJSON(at.Name),
		Offset:        at.Offset,
		Capacity:      at.Size,
		State:         StateUnknown,
		KernelRelease: at.kernelRelease(),
		Signed:        at.Signed != carrier.Unsigned,
		SHA256:        fmt.Sprintf("%x", digest.Sum(nil)),
	}
	if at.archive == nil {
		if at.isXZ() {
			info.State = StateForeign
		}
		return info, nil
	}
	m := at.archive.Marker
	info.State = StatePlaceholder
	if m.Stamped {
		info.State, info.Stamped = StateStamped, true
	}
	info.Used, info.Free = m.Used, at.Size-m.Used
	info.Members, info.Release = m.Members, m.Release
	info.ContentSHA256 = fmt.Sprintf("%x", m.Content)
	return info, nil
}

// forJSON escapes a name that is not UTF-8, so that two such names stay two.
func forJSON(name string) string {
	if utf8.ValidString(name) {
		return name
	}
	return printable.Text(name)
}

// Text writes the info for people.
func (i *Info) Text(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(key, format string, args ...any) {
		fmt.Fprintf(t, "%s:\t%s\n", key, printable.Text(fmt.Sprintf(format, args...)))
	}
	line("file", "%s", i.File)
	line("kind", "%s", i.Kind)
	if i.KernelRelease != "" {
		line("kernel release", "%s", i.KernelRelease)
	}
	if i.LocatedBy != "" {
		located := i.LocatedBy
		if i.LocatedName != "" {
			located += " " + i.LocatedName
		}
		line("reservation", "%s, offset %d", located, i.Offset)
	}
	line("capacity", "%d bytes", i.Capacity)
	switch i.State {
	case StateStamped:
		line("state", "stamped")
		line("used", "%d bytes, %d free (%.1f %%)", i.Used, i.Free, float64(i.Free)*100/float64(i.Capacity))
		line("archive release", "%s", i.Release)
		line("members", "%d", i.Members)
		line("content sha256", "%s", i.ContentSHA256)
	case StatePlaceholder:
		line("state", "placeholder, not stamped")
	case StateForeign:
		line("state", "an .xz file that packer did not make")
	default:
		line("state", "no archive")
	}
	line("sha256", "%s", i.SHA256)
	if i.Signed {
		line("signed", "yes: it is stamped without its signature (a module: with --unsign), and then signed again")
	}
	return t.Flush()
}
