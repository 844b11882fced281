// SPDX-License-Identifier: Apache-2.0

//go:build linux

package device

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/container"
	"github.com/rules-kheaders/rules_kheaders/internal/carrier"
	"github.com/rules-kheaders/rules_kheaders/internal/carrier/stamp"
)

// shown is where a kernel shows its archive (linux/kernel/kheaders.c).
const shown = "sys/kernel/kheaders.tar.xz"

// inInitramfs are the places of a file that an initramfs brought: the default of
// kheaders_initramfs, and what others write.
var inInitramfs = []string{"usr/lib/kheaders.tar.xz", "kheaders.tar.xz", "usr/lib/modules/REL/kheaders.tar.xz"}

// initramfs are the names of an initramfs, and kernels those of a kernel. In
// the first, an archive is found that was appended; REL is the release.
var (
	initramfs = []string{"boot/initrd.img-REL", "boot/initramfs-REL.img", "boot/initramfs-REL", "boot/initrd-REL", "boot/initramfs.img", "boot/initrd.img"}
	kernels   = []string{
		"usr/lib/modules/REL/kernel/kernel/kheaders.ko", "usr/lib/modules/REL/kernel/kernel/kheaders.ko.xz",
		"usr/lib/modules/REL/kernel/kernel/kheaders.ko.zst", "usr/lib/modules/REL/kernel/kernel/kheaders.ko.gz",
		"boot/vmlinux-REL", "boot/vmlinuz-REL", "boot/Image-REL", "boot/kernel-REL", "usr/lib/modules/REL/vmlinuz",
		"boot/vmlinuz", "boot/Image", "boot/Image.gz", "boot/zImage", "boot/vmlinux", "boot/uImage",
	}
)

// An Archive is a kernel's headers in a file. It is open until Close.
type Archive struct {
	File    string `json:"file"`
	State   string `json:"state"` // stamp.StateStamped, or stamp.StateForeign for upstream's
	Release string `json:"release,omitempty"`
	Size    int64  `json:"size"`              // bytes
	Members int    `json:"members,omitempty"` // 0 if only decoding tells
	Content string `json:"sha256"`            // of what it decodes to, if stamped; else of the file

	src   source
	print string // see fingerprint
}

// source is where an archive is read.
type source interface {
	Tar() (r io.Reader, size int64, err error)
	Close() error
}

// marked is an archive somewhere in a file.
type marked struct {
	*container.Archive
	io.Closer
}

func (m marked) Tar() (io.Reader, int64, error) { return m.Archive.Tar(), m.Archive.TarSize(), nil }

// Close closes the file.
func (a *Archive) Close() error { return a.src.Close() }

// Why an archive is not used. The texts are part of the messages.
var (
	errNone    = errors.New("no archive is there")
	errRefused = errors.New("room")
	errOther   = errors.New("another kernel")
)

// candidate is a file that may hold the archive.
type candidate struct {
	file string
	kind kind
}

// kind says how to look for an archive in a file.
type kind int

const (
	own      kind = iota // the archive itself
	appended             // an initramfs, to which one was appended
	kernel               // a carrier, which mostly has none
	any_                 // what the user named
)

// candidates are all files to look into, the best first.
func (d *Device) candidates(release string) ([]candidate, error) {
	if d.From != "" {
		return []candidate{{d.From, any_}}, nil
	}
	var all []candidate
	add := func(names []string, as kind) error {
		for _, name := range names {
			if strings.Contains(name, "REL") && release == "" {
				continue
			}
			file, err := d.path(strings.ReplaceAll(name, "REL", release))
			if err != nil {
				return err
			}
			all = append(all, candidate{file, as})
		}
		return nil
	}
	if !d.image() {
		if err := add([]string{shown}, own); err != nil {
			return nil, err
		}
	}
	return all, errors.Join(add(inInitramfs, own), add(initramfs, appended), add(kernels, kernel))
}

// Find finds the archive: what the kernel shows, else a file of the initramfs,
// else what is in the kernel's own file. What it passes over, and why, is in the
// error when it finds none. An archive that builds modules is preferred to
// upstream's, which has only headers.
func (d *Device) Find() (*Archive, error) {
	release, err := d.Release()
	if err != nil && d.From == "" {
		return nil, err
	}
	d.loadModule()
	all, err := d.candidates(release)
	if err != nil {
		return nil, err
	}
	var foreign *Archive
	var refused, skipped []error
	for _, c := range all {
		a, err := d.open(c, release)
		switch {
		case errors.Is(err, errNone):
			continue
		case err != nil && c.kind == kernel && !errors.Is(err, errRefused):
			skipped = append(skipped, err)
		case err != nil:
			refused = append(refused, err)
		case a.State == stamp.StateForeign && foreign == nil && d.From == "":
			foreign = a
		case a.State == stamp.StateForeign && foreign != nil:
			a.Close()
		default:
			if foreign != nil {
				foreign.Close()
			}
			return a, nil
		}
	}
	if foreign != nil {
		return foreign, nil
	}
	if d.From != "" && len(refused) == 0 {
		return nil, fmt.Errorf("find archive: %s is not there", d.From)
	}
	if len(refused) > 0 {
		// The first is the one that should have had it.
		return nil, refused[0]
	}
	if len(skipped) > 0 {
		return nil, fmt.Errorf("find archive: no /%s, no file of the initramfs, and %w; give --from FILE if you have the archive elsewhere", shown, skipped[0])
	}
	return nil, fmt.Errorf("find archive: no /%s, no file of the initramfs and no kernel in /boot that carries one; "+
		"expected a kernel with CONFIG_IKHEADERS; give --from FILE if you have the archive elsewhere", shown)
}

// loadModule has a kernel whose archive is in a module show it. The module's
// memory is given back by Close.
func (d *Device) loadModule() {
	if d.image() || d.From != "" || os.Geteuid() != 0 {
		return
	}
	if _, err := os.Stat("/" + shown); err == nil {
		return
	}
	if exec.Command("modprobe", "-q", "kheaders").Run() == nil {
		_, err := os.Stat("/" + shown)
		d.loaded = err == nil
	}
}

// Close leaves the kernel as it was.
func (d *Device) Close() {
	if d.loaded {
		// A process that reads the archive just now keeps it; that is no error.
		_ = exec.Command("rmmod", "kheaders").Run()
	}
}

// open opens a candidate and checks what can be checked without decoding.
func (d *Device) open(c candidate, release string) (*Archive, error) {
	if _, err := os.Stat(c.file); err != nil && c.kind != any_ {
		return nil, errNone
	}
	a, err := openArchive(c)
	if err != nil {
		return nil, err
	}
	if a.State == stamp.StateForeign {
		a.Release, err = foreignRelease(a)
	}
	if err == nil && d.From != "" && d.image() && release == "" {
		err = checkRelease(a.Release)
	} else if err == nil && a.Release != "" && release != "" && a.Release != release {
		err = fmt.Errorf("read %s: it is the archive of %s, %w; expected that of %s", c.file, a.Release, errOther, release)
	}
	if err == nil {
		a.print, err = fingerprint(c.file)
	}
	if err != nil {
		a.Close()
		return nil, err
	}
	return a, nil
}

func openArchive(c candidate) (*Archive, error) {
	if c.kind == appended {
		return openAppended(c.file)
	}
	info, err := stamp.Inspect(c.file, carrier.Options{})
	if err != nil && c.kind == any_ {
		if a, again := openAppended(c.file); again == nil {
			return a, nil
		}
	}
	if err != nil {
		return nil, err
	}
	switch info.State {
	case stamp.StateStamped, stamp.StateForeign:
	case stamp.StatePlaceholder:
		return nil, fmt.Errorf("read %s: it holds a placeholder: the kernel has %w for its headers, and they were not stamped into it; "+
			"boot the stamped kernel, or give --from FILE", c.file, errRefused)
	default:
		return nil, fmt.Errorf("read %s: it holds no archive; expected a .tar.xz or a carrier of one", c.file)
	}
	src, err := stamp.Open(c.file, carrier.Options{})
	if err != nil {
		return nil, err
	}
	a := &Archive{File: c.file, State: info.State, Release: info.Release, Size: info.Capacity, Members: info.Members, Content: info.ContentSHA256, src: src}
	if a.Content == "" {
		a.Content = info.SHA256
	}
	return a, nil
}

// openAppended finds an archive that is somewhere in a file, as in an initramfs
// that another was appended to.
func openAppended(file string) (*Archive, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		f.Close()
		return nil, err
	}
	regions, err := container.Find(f, info.Size())
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("read %s: it holds a damaged archive: %w", file, err)
	}
	for _, at := range regions {
		a, err := container.Read(io.NewSectionReader(f, at.Offset, at.Size), at.Size)
		if err == nil && a.Marker.Stamped {
			return &Archive{File: file, State: stamp.StateStamped, Release: a.Marker.Release, Size: at.Size, Members: a.Marker.Members,
				Content: fmt.Sprintf("%x", a.Marker.Content), src: marked{a, f}}, nil
		}
	}
	f.Close()
	return nil, errNone
}

// releaseLine is in include/generated/utsrelease.h, which upstream's archive has.
const releaseLine = `#define UTS_RELEASE "`

// foreignRelease reads an archive that packer did not make until it says which
// kernel it is of.
func foreignRelease(a *Archive) (string, error) {
	r, _, err := a.src.Tar()
	if err != nil {
		return "", err
	}
	c := contents{}
	if err := c.scan(r); err != nil {
		return "", fmt.Errorf("read %s: the archive is damaged: %w", a.File, err)
	}
	text := c.text["include/generated/utsrelease.h"]
	_, rest, _ := strings.Cut(text, releaseLine)
	release, _, ok := strings.Cut(rest, `"`)
	if !ok {
		return "", fmt.Errorf("read %s: it does not say which kernel it is of: no include/generated/utsrelease.h; expected an archive of kernel headers", a.File)
	}
	return release, checkRelease(release)
}

// fingerprintSize is how much of each end of a file tells it from another, in
// bytes: the first has the marker, with the digest of the content.
const fingerprintSize = 4096

// fingerprint tells whether a file is what it was, without reading all of it.
// Sysfs makes up times, so those count elsewhere only.
func fingerprint(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	h := sha256.New()
	fmt.Fprintln(h, info.Size())
	if !strings.HasPrefix(file, "/sys/") {
		fmt.Fprintln(h, info.ModTime().UnixNano())
	}
	for _, at := range []int64{0, max(0, info.Size()-fingerprintSize)} {
		if _, err := io.Copy(h, io.NewSectionReader(f, at, fingerprintSize)); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:16]), nil
}
