// SPDX-License-Identifier: Apache-2.0

package secret

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"regexp"
	"slices"
)

// RandstructOptions are those that randomise the layout of structs, with a seed
// that the build makes: the first one until 5.18, both with gcc from 5.19 on
// (security/Kconfig.hardening).
var RandstructOptions = []string{"CONFIG_GCC_PLUGIN_RANDSTRUCT", "CONFIG_RANDSTRUCT"}

// SeedFiles are where a kernel's build keeps the RANDSTRUCT seed and its digest:
// scripts/gen-randstruct-seed.sh, and until 5.18
// scripts/gcc-plugins/gen-random-seed.sh.
var SeedFiles = []string{
	"scripts/basic/randstruct.seed",
	"scripts/gcc-plugins/randomize_layout_seed.h",
	"include/generated/randstruct_hash.h",
	"include/generated/randomize_layout_hash.h",
}

// Seeds are the seeds of a kernel, as far as its trees tell them: themselves, or
// by their SHA-256 digests, which every module is compiled with. The zero value
// knows none.
type Seeds struct {
	values  [][]byte // each in the forms that a file may have it
	digests [][sha256.Size]byte
}

// seedDigits is the length of a seed as text: 32 bytes in hexadecimal.
const seedDigits = 64

var hashLine = regexp.MustCompile(`RANDSTRUCT_HASHED_SEED\s+"([0-9a-fA-F]{64})"`)

// Add learns the seeds that one of SeedFiles holds.
func (s *Seeds) Add(p []byte) {
	if m := hashLine.FindSubmatch(p); m != nil {
		var digest [sha256.Size]byte
		if n, err := hex.Decode(digest[:], m[1]); err == nil && n == len(digest) {
			s.digests = append(s.digests, digest)
		}
	}
	digits(p, func(seed []byte) bool {
		if m := hashLine.FindSubmatch(p); m == nil || !bytes.Equal(m[1], seed) {
			s.values = append(s.values, forms(seed)...)
		}
		return false
	})
}

// forms returns a seed as files hold it: the text, and the numbers that it is, in
// either byte order.
func forms(seed []byte) [][]byte {
	raw := make([]byte, seedDigits/2)
	if _, err := hex.Decode(raw, seed); err != nil {
		return nil
	}
	swapped := slices.Clone(raw)
	for i := 0; i < len(raw); i += 8 { // the plugin reads four numbers of 64 bits
		binary.LittleEndian.PutUint64(swapped[i:], binary.BigEndian.Uint64(raw[i:]))
	}
	return [][]byte{bytes.ToLower(seed), bytes.ToUpper(seed), raw, swapped}
}

// digits calls do for each run of exactly 64 hexadecimal digits, until it returns
// true, which is then the result.
func digits(p []byte, do func(run []byte) bool) bool {
	for i := 0; i+seedDigits <= len(p); {
		// The last digit first: where it is none, no run begins before it.
		last := i + seedDigits - 1
		for last >= i && isHex(p[last]) {
			last--
		}
		if last >= i {
			i = last + 1
			continue
		}
		end := i + seedDigits
		for end < len(p) && isHex(p[end]) {
			end++
		}
		if end-i == seedDigits && do(p[i:end]) {
			return true
		}
		i = end
	}
	return false
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// In reports whether a file holds a seed: one that is known, one whose digest is
// known, or that of the gcc plugin, whatever kernel it is of.
func (s *Seeds) In(p []byte) bool {
	for _, v := range s.values {
		if bytes.Contains(p, v) {
			return true
		}
	}
	for _, digest := range s.digests {
		if digits(p, func(run []byte) bool { return sha256.Sum256(bytes.ToLower(run)) == digest }) {
			return true
		}
	}
	return isPlugin(p) && digits(p, func([]byte) bool { return true })
}

// isPlugin reports whether a file is the gcc plugin: a program with the name of
// the seed's variable, or of an attribute that only the plugin knows
// (scripts/gcc-plugins/randomize_layout_plugin.c).
func isPlugin(p []byte) bool {
	return bytes.HasPrefix(p, []byte("\x7fELF")) &&
		(bytes.Contains(p, []byte("randstruct_seed\x00")) || bytes.Contains(p, []byte("randomize_performed\x00")))
}
