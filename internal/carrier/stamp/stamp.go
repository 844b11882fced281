// SPDX-License-Identifier: Apache-2.0

package stamp

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/container"
	"github.com/rules-kheaders/rules_kheaders/internal/carrier"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/atomicfile"
)

// Request is what to stamp, and where.
type Request struct {
	Carrier string // the file to read
	Archive string // a stamped archive of any capacity, as packer writes it
	Out     string // the file to write; it may be Carrier itself
	Report  string // the JSON report to write, "" for none
	Restamp bool   // replace an archive, not only a placeholder
	Locate  carrier.Options
	// Unsign drops the signatures of a module that is signed: it is signed again
	// afterwards.
	Unsign bool
}

// Report says what was stamped. Sizes and offsets are in bytes, digests
// SHA-256 in hex.
type Report struct {
	Carrier       string `json:"carrier"`
	Kind          string `json:"kind"`
	LocatedBy     string `json:"located_by"`
	LocatedName   string `json:"located_name,omitempty"`
	Offset        int64  `json:"offset"`
	Capacity      int64  `json:"capacity"`
	Used          int64  `json:"used"`
	Free          int64  `json:"free"`
	Release       string `json:"release"`
	Members       int    `json:"members"`
	SHA256        string `json:"sha256"`         // of the region, which is the file a kernel shows
	ContentSHA256 string `json:"content_sha256"` // of the decoded members
}

// Stamp writes to req.Out a copy of the carrier with the archive in its
// reservation. Both files' structure is checked before the first byte is written;
// a failure leaves no file. The archive's content is not decoded, which would take
// longer than all the rest: damage there is for Verify to find. The copy has the carrier's mode and a new mtime:
// with the old one, make would not see that it has to make the image again.
//
// Memory does not grow with the carrier, the archive or the region: they are
// read in pieces, and copied from file to file.
func Stamp(req Request) error {
	if err := req.check(); err != nil {
		return err
	}
	in, err := open(req.Carrier, aCarrier)
	if err != nil {
		return err
	}
	defer in.Close()
	at, err := in.locate(req.Locate)
	if err != nil {
		return err
	}
	if req.Unsign {
		if in.keep, err = in.withoutSignatures(); err != nil {
			return err
		}
		if in.keep < at.Offset+at.Size {
			return fmt.Errorf("drop the signature of %s: it says that it begins inside %s: damaged", req.Carrier, where(at.Region))
		}
		// A signature of another kind, which stays, would be broken.
		at.Signed = carrier.SignatureOf(in, in.keep)
	}
	if err := at.checkReplaceable(req); err != nil {
		return err
	}
	fresh, err := open(req.Archive, anArchive)
	if err != nil {
		return err
	}
	defer fresh.Close()
	region, err := at.refill(req, fresh)
	if err != nil {
		return err
	}
	m := region.Marker
	return write(req, in, at.Offset, region, &Report{
		Carrier:       req.Carrier,
		Kind:          at.Kind,
		LocatedBy:     at.How,
		LocatedName:   at.Name,
		Offset:        at.Offset,
		Capacity:      at.Size,
		Used:          m.Used,
		Free:          at.Size - m.Used,
		Release:       m.Release,
		Members:       m.Members,
		ContentSHA256: fmt.Sprintf("%x", m.Content),
	})
}

func (req Request) check() error {
	return cmp.Or(
		apart(req.Out, req.Archive, "the archive"),
		apart(req.Report, req.Archive, "the archive"),
		apart(req.Report, req.Carrier, "the carrier"),
		apart(req.Report, req.Out, "the output"))
}

// apart fails if what is to be written to out would replace another file. Either
// may be "", for none.
func apart(out, other, what string) error {
	if out == "" || other == "" || !same(out, other) {
		return nil
	}
	return fmt.Errorf("write %s: it is also %s: expected another name", out, what)
}

// same says whether two names are one file. Of a file that does not exist yet,
// the directory and the last part of the name are compared.
func same(a, b string) bool {
	dirA, nameA := filepath.Split(a)
	dirB, nameB := filepath.Split(b)
	return a == b || sameFile(a, b) || nameA == nameB && sameFile(cmp.Or(dirA, "."), cmp.Or(dirB, "."))
}

func sameFile(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}

// checkReplaceable fails unless the region may be overwritten.
func (r *reserved) checkReplaceable(req Request) error {
	switch r.Signed {
	case carrier.Unsigned:
	case carrier.ModuleSignature:
		return fmt.Errorf("stamp %s: the file is signed, and a change would break the signature: stamp it before signing, or give --unsign and sign it again", req.Carrier)
	default:
		return fmt.Errorf("stamp %s: the file is a signed %s, and a change would break the signature: stamp it before signing, or take the signature off ('sbattach --remove') and sign it again", req.Carrier, r.Signed)
	}
	if r.archive == nil {
		return fmt.Errorf("stamp %s: %s holds %s: expected a placeholder made by 'packer placeholder' (%w)", req.Carrier, where(r.Region), r.holds(), r.err)
	}
	if r.archive.Marker.Stamped && !req.Restamp {
		return fmt.Errorf("stamp %s: %s is stamped already, for release %s: expected a placeholder; give --restamp to replace the archive", req.Carrier, where(r.Region), r.archive.Marker.Release)
	}
	return nil
}

// refill returns the archive in the file in, in exactly the size of the region.
func (r *reserved) refill(req Request, in *input) (*container.Fitted, error) {
	if in.size > container.MaxCapacity {
		return nil, fmt.Errorf("read archive %s: it has %d bytes, expected at most %d", req.Archive, in.size, container.MaxCapacity)
	}
	a, err := container.Read(in, in.size)
	if err != nil {
		return nil, fmt.Errorf("read archive %s: %w: expected %s", req.Archive, err, expected[anArchive])
	}
	if !a.Marker.Stamped {
		return nil, fmt.Errorf("read archive %s: it is a placeholder: expected %s", req.Archive, expected[anArchive])
	}
	if release := r.kernelRelease(); release != "" && release != a.Marker.Release {
		return nil, fmt.Errorf("stamp %s: kernel is release %s, archive %s was packed for %s: expected one release; a module built from it would not load", req.Carrier, release, req.Archive, a.Marker.Release)
	}
	region, err := a.Fit(r.Size)
	var small *container.CapacityError
	if errors.As(err, &small) {
		return nil, fmt.Errorf("stamp %s: archive %s needs %d bytes, %s has a capacity of %d: set capacity = %d on kheaders_placeholder / linux_kernel and build the kernel again", req.Carrier, req.Archive, small.Need, where(r.Region), small.Have, small.Need)
	}
	if err != nil {
		return nil, fmt.Errorf("stamp %s: %w", req.Carrier, err)
	}
	return region, nil
}

// write copies the carrier, puts the region into the copy, and writes the
// report, if one is wanted, with the region's digest. Both files are written to
// their last byte before either takes its name.
func write(req Request, in *input, off int64, region *container.Fitted, report *Report) error {
	copyTo := func(also io.Writer, done func() error) error {
		return atomicfile.Write(req.Out, in.mode.Perm(), func(out *os.File) error {
			if err := fill(out, req.Out, in, off, region, also); err != nil {
				return err
			}
			return done()
		})
	}
	if req.Report == "" {
		return copyTo(io.Discard, func() error { return nil })
	}
	return atomicfile.Write(req.Report, 0o644, func(to *os.File) error {
		digest := sha256.New()
		return copyTo(digest, func() error {
			report.SHA256 = fmt.Sprintf("%x", digest.Sum(nil))
			p, err := json.MarshalIndent(report, "", "  ")
			if err == nil {
				_, err = to.Write(append(p, '\n'))
			}
			if err != nil {
				return fmt.Errorf("write report %s: %w", req.Report, causeOf(err))
			}
			return nil
		})
	})
}

// fill makes out the carrier with the region in it, which is written to also
// too; path is what out will be.
func fill(out *os.File, path string, in *input, off int64, region *container.Fitted, also io.Writer) error {
	n, err := copyFile(out, in.File, in.size)
	if err == nil && n != in.size {
		err = fmt.Errorf("carrier changed while it was read: %d bytes, then %d", in.size, n)
	}
	if err == nil {
		w := newAlignedWriter(out, off, also)
		if err = region.WriteStream(w); err == nil {
			err = w.Flush()
		}
	}
	if err == nil && in.keep < in.size {
		err = out.Truncate(in.keep)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, causeOf(err))
	}
	return nil
}
