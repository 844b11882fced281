// SPDX-License-Identifier: Apache-2.0

package stamp

import (
	"fmt"
	"io"
	"os"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/untar"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/xz"
	"github.com/rules-kheaders/rules_kheaders/internal/carrier"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/atomicfile"
)

// maxMembers bounds what is unpacked: the archive of a whole
// install-extmod-build tree has 25,000 members.
const maxMembers = 1 << 18

// ExtractArchive writes the archive that a carrier holds to out, byte for byte:
// what the running kernel shows as /sys/kernel/kheaders.tar.xz. It is decoded
// before, so that no damaged one is written.
func ExtractArchive(path, out string, o carrier.Options) error {
	if err := apart(out, path, "the carrier"); err != nil {
		return err
	}
	src, err := Open(path, o)
	if err != nil {
		return err
	}
	defer src.Close()
	if err := src.check(); err != nil {
		return fmt.Errorf("read archive in %s: %w", path, err)
	}
	return atomicfile.Write(out, 0o644, func(f *os.File) error {
		if _, err := io.Copy(f, src.at.bytes()); err != nil {
			return fmt.Errorf("write %s: %w", out, causeOf(err))
		}
		return nil
	})
}

// ExtractTree unpacks the archive that a carrier holds, or a .tar.xz file by
// anyone, into the directory dir, which must not exist or be empty. If it
// fails, dir is as before.
func ExtractTree(path, dir string, o carrier.Options) (untar.Counts, error) {
	src, err := Open(path, o)
	if err != nil {
		return untar.Counts{}, err
	}
	defer src.Close()
	counts, err := src.unpack(dir)
	if err != nil {
		return untar.Counts{}, fmt.Errorf("extract %s to %s: %w", path, dir, err)
	}
	return counts, nil
}

// Source is an archive in a file, which stays open until Close.
type Source struct {
	in *input
	at *reserved
}

// Open is Find, to which a placeholder is an error.
func Open(path string, o carrier.Options) (*Source, error) {
	s, err := Find(path, o)
	if err != nil {
		return nil, err
	}
	if a := s.at.archive; a != nil && !a.Marker.Stamped {
		s.Close()
		return nil, fmt.Errorf("read archive in %s: %s holds a placeholder, no archive: expected a stamped file; 'patcher stamp' makes it", path, where(s.at.Region))
	}
	return s, nil
}

// Find finds the archive in a carrier, in what wraps one (a compressed file, a
// bzImage, a boot image), or in a file of its own, which may be a .tar.xz by
// anyone.
func Find(path string, o carrier.Options) (*Source, error) {
	in, err := open(path, aFile)
	if err != nil {
		return nil, err
	}
	at, err := in.locateInside(o)
	if err == nil && at.archive == nil && !at.isXZ() {
		err = fmt.Errorf("read archive in %s: %s holds %s: expected an archive (%w)", path, where(at.Region), at.holds(), at.err)
	}
	if err != nil {
		in.Close()
		return nil, err
	}
	return &Source{in, at}, nil
}

// Close closes the file.
func (s *Source) Close() error { return s.in.Close() }

// Tar returns the decoded tar archive and a bound on its size in bytes. It is
// to be trusted only when io.EOF has been read: damage may show only there.
func (s *Source) Tar() (r io.Reader, size int64, err error) {
	if a := s.at.archive; a != nil {
		return a.Tar(), a.TarSize(), nil
	}
	r, err = xz.NewReader(s.at.bytes())
	return r, xz.MaxUncompressed, err
}

// Verify decodes one of our archives and compares it with its marker; of another
// there is nothing to compare.
func (s *Source) Verify() error {
	if s.at.archive == nil {
		return nil
	}
	return s.at.archive.Verify()
}

// check decodes the archive, ours or another.
func (s *Source) check() error {
	if s.at.archive != nil {
		return s.at.archive.Verify()
	}
	r, size, err := s.Tar()
	if err != nil {
		return err
	}
	if n, err := io.Copy(io.Discard, io.LimitReader(r, size+1)); err != nil || n <= size {
		return err
	}
	return fmt.Errorf("it decodes to more than the limit of %d bytes", size)
}

func (s *Source) unpack(dir string) (untar.Counts, error) {
	r, size, err := s.Tar()
	if err != nil {
		return untar.Counts{}, err
	}
	return untar.Extract(dir, r, untar.Limits{Bytes: size, Members: maxMembers})
}
