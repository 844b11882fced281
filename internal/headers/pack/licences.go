// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"slices"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/manifest"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/ustar"
	"github.com/rules-kheaders/rules_kheaders/internal/headers/spdx"
)

// namedLicences takes out of the members the texts of licences that no member
// names: a kernel's LICENSES has those of all its files. The three lists are of the
// same files.
func namedLicences(members []ustar.Member, entries []manifest.Entry, sources []source) ([]ustar.Member, []manifest.Entry, []source) {
	if !slices.ContainsFunc(members, func(m ustar.Member) bool { return spdx.IsText(m.Name) }) {
		return members, entries, sources
	}
	named := make(map[string]bool)
	for _, m := range members {
		if spdx.IsText(m.Name) {
			continue // its lines are examples
		}
		// One that cannot be read names nothing; the SPDX document says so.
		e, _ := spdx.Read(m.Content)
		for _, id := range e.IDs {
			named[id] = true
		}
	}
	kept := 0
	for i, m := range members {
		if spdx.IsText(m.Name) && !slices.ContainsFunc(spdx.Named(m.Content), func(id string) bool { return named[id] }) {
			continue
		}
		members[kept], entries[kept], sources[kept] = m, entries[i], sources[i]
		kept++
	}
	return members[:kept], entries[:kept], sources[:kept]
}

// SPDX returns the archive's SPDX document. Bytes comes first.
func (r *Result) SPDX() ([]byte, error) {
	a := spdx.Archive{Release: r.Report.Release, SHA256: r.Report.SHA256, Epoch: r.Report.Epoch}
	for _, m := range r.members {
		a.Files = append(a.Files, spdx.File{Name: m.Name, Content: m.Content, Program: m.Mode == 0o755})
	}
	return a.Document()
}
