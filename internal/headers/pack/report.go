// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
)

// Report says what an archive is, for machines.
type Report struct {
	Release       string   `json:"release"`
	Profile       string   `json:"profile"`
	Series        string   `json:"series"` // of the table
	Arch          string   `json:"arch"`
	Members       int      `json:"members"`        // without the marker
	TarBytes      int64    `json:"tar_bytes"`      // of the members, before compression
	ArchiveBytes  int64    `json:"archive_bytes"`  // of the file
	MinCapacity   int64    `json:"min_capacity"`   // bytes that a reservation needs
	SHA256        string   `json:"sha256"`         // of the file
	ContentSHA256 string   `json:"content_sha256"` // of the members as tar; the marker has it too
	Preset        string   `json:"preset"`         // of the compression
	Comments      Comments `json:"comments"`
	Epoch         int64    `json:"epoch"`
	// Lacks says what the kernel's configuration asks for and no archive has.
	Lacks string `json:"lacks,omitempty"`
}

// Bytes returns the archive as a file of its natural size, and completes the
// report. With a capacity other than 0 it fails if the archive does not fit.
func (r *Result) Bytes(capacity int64) ([]byte, error) {
	if capacity != 0 {
		// The file itself stays as small as it can be: the stamp fills it up.
		if _, err := r.Archive.Bytes(capacity); err != nil {
			return nil, err
		}
	}
	p, err := r.Archive.Bytes(r.Archive.MinSize())
	if err != nil {
		return nil, err
	}
	r.Report.ArchiveBytes = int64(len(p))
	r.Report.SHA256 = fmt.Sprintf("%x", sha256.Sum256(p))
	return p, nil
}

// JSON returns the report as an indented object with a newline.
func (r Report) JSON() ([]byte, error) {
	p, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write report: %w", err)
	}
	return append(p, '\n'), nil
}
