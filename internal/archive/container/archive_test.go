// SPDX-License-Identifier: Apache-2.0

package container

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/lzma2"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/xz"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/xz/xztest"
)

// members returns n tar members without an end of archive.
func members(t testing.TB, n int) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for i := range n {
		text := strings.Repeat(fmt.Sprintf("#define KHEADERS_%d %d\n", i, i*i), i%50+1)
		h := &tar.Header{Name: fmt.Sprintf("include/generated/%04d.h", i), Mode: 0o644, Size: int64(len(text))}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// archive returns a stamped archive of n members in the parts that content is
// cut into at the offsets given.
func archive(t testing.TB, n int, cuts ...int) *Archive {
	t.Helper()
	content := members(t, n)
	var blocks []xz.Block
	at := 0
	for _, cut := range append(cuts, len(content)) {
		block, err := lzma2.Default.Encode(lzma2.Part{content[at:cut]}, 2)
		if err != nil {
			t.Fatal(err)
		}
		blocks, at = append(blocks, block), cut
	}
	return &Archive{
		Marker:  Marker{Stamped: true, Release: "6.1.0-56-amd64", Members: n, Content: sha256.Sum256(content)},
		Content: blocks,
	}
}

// archives are archives of every shape. Their sizes differ modulo 4 before
// rounding.
func archives(t testing.TB) map[string]*Archive {
	return map[string]*Archive{
		"empty":      {Marker: Marker{Content: sha256.Sum256(nil)}},
		"one member": archive(t, 1),
		"one block":  archive(t, 100),
		"two blocks": archive(t, 101, 51200),
		"many":       archive(t, 300, 512, 1024, 2048, 4096, 8192, 16384),
	}
}

func TestElsewhere(t *testing.T) {
	a := archive(t, 200, 512*60)
	capacities := []int64{a.MinSize(), 6 << 20, 8<<20 + 4}
	for i := range int64(40) {
		capacities = append(capacities, a.MinSize()+i*4, a.MinSize()+i*2004)
	}
	var contents [][]byte
	for _, capacity := range capacities {
		p, err := a.Bytes(capacity)
		if err != nil {
			t.Fatal(err)
		}
		contents = append(contents, p)
	}
	ph, err := Placeholder(65536)
	if err != nil {
		t.Fatal(err)
	}
	files := xztest.Files(t, append(contents, ph)...)
	xztest.Accepted(t, files...)

	want := []string{MemberName}
	for i := range 200 {
		want = append(want, fmt.Sprintf("include/generated/%04d.h", i))
	}
	for i, file := range files[:len(capacities)] {
		got := strings.Fields(string(xztest.Run(t, "tar", "tar", "--list", "--file", file)))
		if !reflect.DeepEqual(got, want) {
			t.Errorf("tar of %d bytes: got %d members %.60q, want %d", capacities[i], len(got), got, len(want))
		}
	}
	got := string(xztest.Run(t, "tar", "tar", "--extract", "--to-stdout", "--file", files[len(capacities)], "README"))
	if got != readme {
		t.Errorf("README: got %q, want %q", got, readme)
	}
	got = string(xztest.Run(t, "tar", "tar", "--extract", "--to-stdout", "--file", files[0], MemberName))
	b := *a
	b.Marker.Version, b.Marker.Capacity, b.Marker.Used = Version, a.MinSize(), a.MinSize()
	if got != string(b.Marker.text()) {
		t.Errorf("%s: got %q, want %q", MemberName, got, b.Marker.text())
	}
}

func TestBytesErrors(t *testing.T) {
	good := archive(t, 3)
	for _, tc := range []struct {
		name     string
		capacity int64
		edit     func(a *Archive)
		want     string
	}{
		{"odd", 8194, nil, "make archive: capacity is 8194: expected a multiple of 4 up to 268435456"},
		{"negative", -4, nil, "make archive: capacity is -4: expected"},
		{"enormous", MaxCapacity + 4, nil, "make archive: capacity is 268435460: expected"},
		{"no release", 8192, func(a *Archive) { a.Marker.Release = "" }, "make archive: kernel release is empty"},
		{"release with a newline", 8192, func(a *Archive) { a.Marker.Release = "6.1\nstate stamped" }, "make archive: kernel release is"},
		{"release of a dash", 8192, func(a *Archive) { a.Marker.Release = "-" }, "make archive: kernel release is"},
		{"release too long", 8192, func(a *Archive) { a.Marker.Release = strings.Repeat("6", 129) }, "make archive: kernel release is"},
		{"content not whole", 8192, func(a *Archive) { a.Content = []xz.Block{xz.Stored(make([]byte, 511))} }, "make archive: content is 511 bytes: expected tar members, a multiple of 512"},
		{"content without an end", 8192, func(a *Archive) { a.Content = []xz.Block{{LZMA2: xz.Bytes{1, 0, 0, 0}, Uncompressed: 512}} }, "make archive: parse xz stream: block 1: LZMA2 data has no end marker"},
		{"content that lies", 8192, func(a *Archive) { a.Content = []xz.Block{{LZMA2: xz.Stored(nil).LZMA2, Uncompressed: 512}} }, "make archive: parse xz stream: block 1: decoded size is 512 in the header and 0 in the LZMA2 chunks"},
		{"content beyond the limit", 8192, func(a *Archive) {
			a.Content = []xz.Block{{LZMA2: xz.Stored(nil).LZMA2, Uncompressed: xz.MaxUncompressed}}
		}, "make archive: parse xz stream: index: the decoded size is above the limit"},
		{"negative members", 8192, func(a *Archive) { a.Marker.Members = -1 }, "make archive: members is -1"},
	} {
		a := *good
		if tc.edit != nil {
			tc.edit(&a)
		}
		if p, err := a.Bytes(tc.capacity); err == nil || !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("%s: got %d bytes, %v, want %q", tc.name, len(p), err, tc.want)
		}
	}
}

func TestCapacityError(t *testing.T) {
	a := archive(t, 10)
	need := a.MinSize()
	_, err := a.Bytes(need - 4)
	var got *CapacityError
	if !errors.As(err, &got) || *got != (CapacityError{Need: need, Have: need - 4}) {
		t.Fatalf("Bytes(%d): got %v, want a CapacityError that needs %d", need-4, err, need)
	}
	want := fmt.Sprintf("make archive: archive needs %d bytes and the capacity is %d: set the capacity to %d or more", need, need-4, need)
	if err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
	if _, err := a.Bytes(got.Need); err != nil {
		t.Errorf("Bytes of the capacity needed: %v", err)
	}
}

func TestPlaceholder(t *testing.T) {
	_, err := Placeholder(4)
	var small *CapacityError
	if !errors.As(err, &small) || small.Need > 4096 {
		t.Fatalf("Placeholder(4): got %v, want a capacity of at most 4096", err)
	}
	for _, capacity := range []int64{small.Need, 4096, 6 << 20} {
		p, err := Placeholder(capacity)
		if err != nil || int64(len(p)) != capacity {
			t.Fatalf("Placeholder(%d): got %d bytes, %v", capacity, len(p), err)
		}
		a, err := Parse(p)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Verify(); err != nil {
			t.Error(err)
		}
		if a.Marker.Stamped || a.Marker.Capacity != capacity || a.Marker.Release != "" || a.Marker.Members != 1 {
			t.Errorf("Placeholder(%d): got %+v", capacity, a.Marker)
		}
		// The two things a person sees who dumps the file.
		for _, text := range []string{"\nstate placeholder\n", "the kernel is not stamped."} {
			if !bytes.Contains(p, []byte(text)) {
				t.Errorf("Placeholder(%d): %q is not to be read in it", capacity, text)
			}
		}
	}
}

func TestTar(t *testing.T) {
	a := archive(t, 50, 512*20)
	p, err := a.Bytes(a.MinSize() + 8000)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Parse(p)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(b.Tar())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, wantTar(t, a, int64(len(p)))) {
		t.Errorf("got other bytes than before")
	}
	tr := tar.NewReader(bytes.NewReader(got))
	first, err := tr.Next()
	if err != nil || first.Name != MemberName || first.Mode != 0o644 || first.Uid != 0 || first.Gid != 0 || first.ModTime.Unix() != 0 {
		t.Errorf("first member: got %+v, %v, want %s, 0644, 0:0, dated 0", first, err, MemberName)
	}
	if !bytes.HasSuffix(got, make([]byte, 1024)) || len(got) != markerSize+len(members(t, 50))+1024 {
		t.Errorf("got %d bytes, want marker, members and the end of archive", len(got))
	}
	b.Marker.Content[0]++
	if got, err := io.ReadAll(b.Tar()); err == nil || !strings.HasPrefix(err.Error(), "content has sha256 ") {
		t.Errorf("content of another digest: got %d bytes, %v, want an error", len(got), err)
	}
	b.Marker.Content[0]--
	// Bytes leaves the archive as it was, and stamping again changes nothing.
	again, err := b.Bytes(int64(len(p)))
	if err != nil || !bytes.Equal(again, p) {
		t.Errorf("Bytes of Parse: got other bytes, %v", err)
	}
	if a.Marker.Capacity != 0 {
		t.Errorf("Bytes changed the archive: capacity is %d", a.Marker.Capacity)
	}
}

func TestVerify(t *testing.T) {
	content := members(t, 5)
	digest := func(p []byte) Marker { return Marker{Members: 5, Content: sha256.Sum256(p)} }
	ended := append(bytes.Clone(content), make([]byte, 1024)...)
	within := append(bytes.Clone(ended), content...)
	lone := append(bytes.Clone(content), make([]byte, 512)...)
	damaged := xz.Stored(content)
	damaged.CRC32++

	for _, tc := range []struct {
		name string
		a    Archive
		want string
	}{
		{"good", Archive{digest(content), []xz.Block{xz.Stored(content)}}, ""},
		{"cut anywhere", Archive{digest(content), []xz.Block{xz.Stored(content[:700]), xz.Stored(content[700:])}}, ""},
		{"digest", Archive{digest(nil), []xz.Block{xz.Stored(content)}}, "verify archive: content has sha256 "},
		{"members", Archive{Marker{Members: 4, Content: sha256.Sum256(content)}, []xz.Block{xz.Stored(content)}}, "verify archive: content has 5 members: the marker says 4"},
		{"end of archive", Archive{digest(ended), []xz.Block{xz.Stored(ended)}}, "verify archive: content has an end of archive at byte "},
		{"end of archive within", Archive{digest(within), []xz.Block{xz.Stored(within)}}, "verify archive: content has an end of archive at byte "},
		{"lone zero block", Archive{digest(lone), []xz.Block{xz.Stored(lone)}}, "verify archive: content has an end of archive at byte "},
		{"no tar", Archive{digest(nil), []xz.Block{xz.Stored(bytes.Repeat([]byte("k"), 1024))}}, "verify archive: content, member 0: "},
		{"member cut", Archive{digest(nil), []xz.Block{xz.Stored(content[:512])}}, "verify archive: content, member 0: "},
		{"damaged block", Archive{digest(content), []xz.Block{damaged}}, "verify archive: content, member "},
	} {
		err := tc.a.Verify()
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tc.want)) {
			t.Errorf("%s: got %v, want %q", tc.name, err, tc.want)
		}
	}
}
