// SPDX-License-Identifier: Apache-2.0

package spdx

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// File is a file to describe.
type File struct {
	Name    string
	Content []byte
	Program bool // a program or a script
}

// Archive is what a document describes.
type Archive struct {
	Release string
	SHA256  string // of the file, in hexadecimal
	Epoch   int64  // the document's date, in seconds since 1970
	Files   []File
}

const noAssertion = "NOASSERTION"

// The elements of SPDX 2.3's JSON that a document here has.
type (
	document struct {
		Version       string         `json:"spdxVersion"`
		DataLicense   string         `json:"dataLicense"`
		ID            string         `json:"SPDXID"`
		Name          string         `json:"name"`
		Namespace     string         `json:"documentNamespace"`
		Creation      creation       `json:"creationInfo"`
		Describes     []string       `json:"documentDescribes"`
		Packages      []packageInfo  `json:"packages"`
		Files         []fileInfo     `json:"files"`
		Relationships []relationship `json:"relationships"`
		Extracted     []extracted    `json:"hasExtractedLicensingInfos,omitempty"`
	}
	creation struct {
		Created  string   `json:"created"`
		Creators []string `json:"creators"`
	}
	checksum struct {
		Algorithm string `json:"algorithm"`
		Value     string `json:"checksumValue"`
	}
	verification struct {
		Value string `json:"packageVerificationCodeValue"`
	}
	packageInfo struct {
		ID               string       `json:"SPDXID"`
		Name             string       `json:"name"`
		Version          string       `json:"versionInfo"`
		DownloadLocation string       `json:"downloadLocation"`
		FilesAnalyzed    bool         `json:"filesAnalyzed"`
		Verification     verification `json:"packageVerificationCode"`
		Checksums        []checksum   `json:"checksums"`
		Concluded        string       `json:"licenseConcluded"`
		Declared         string       `json:"licenseDeclared"`
		FromFiles        []string     `json:"licenseInfoFromFiles"`
		Copyright        string       `json:"copyrightText"`
		Purpose          string       `json:"primaryPackagePurpose"`
	}
	fileInfo struct {
		ID        string     `json:"SPDXID"`
		Name      string     `json:"fileName"`
		Types     []string   `json:"fileTypes"`
		Checksums []checksum `json:"checksums"`
		Concluded string     `json:"licenseConcluded"`
		InFile    []string   `json:"licenseInfoInFiles"`
		Copyright string     `json:"copyrightText"`
		Comments  string     `json:"licenseComments,omitempty"`
	}
	relationship struct {
		From string `json:"spdxElementId"`
		Type string `json:"relationshipType"`
		To   string `json:"relatedSpdxElement"`
	}
	extracted struct {
		ID   string `json:"licenseId"`
		Name string `json:"name"`
		Text string `json:"extractedText"`
	}
)

// Document returns an archive's SPDX document, the same bytes for the same archive:
// the members in their order, with their digests and what they say of their licence.
func (a Archive) Document() ([]byte, error) {
	const id, archive = "SPDXRef-DOCUMENT", "SPDXRef-Archive"
	d := document{
		Version: "SPDX-2.3", DataLicense: "CC0-1.0", ID: id,
		Name: "linux-headers-" + a.Release,
		// A namespace is a name, not an address.
		Namespace: "https://spdx.org/spdxdocs/linux-headers-" + unreserved.ReplaceAllString(a.Release, "-") + "-" + a.SHA256,
		Creation:  creation{time.Unix(a.Epoch, 0).UTC().Format(time.RFC3339), []string{"Tool: rules_kheaders-packer"}},
		Describes: []string{archive},
		Relationships: []relationship{
			{id, "DESCRIBES", archive},
		},
	}
	pkg := packageInfo{
		ID: archive, Name: "linux-headers", Version: a.Release, DownloadLocation: noAssertion, FilesAnalyzed: true,
		Checksums: []checksum{{"SHA256", a.SHA256}}, Concluded: noAssertion, Declared: noAssertion, Copyright: noAssertion, Purpose: "ARCHIVE",
	}
	refs := make(map[string]bool)
	var sums []string
	for _, f := range a.Files {
		info, e := describe(f, refs)
		if f.Name == "COPYING" && e.Text != "" {
			pkg.Declared = e.Text
		}
		pkg.FromFiles = append(pkg.FromFiles, info.InFile...)
		sums = append(sums, info.Checksums[0].Value)
		d.Files = append(d.Files, info)
		d.Relationships = append(d.Relationships, relationship{archive, "CONTAINS", info.ID})
	}
	pkg.FromFiles = sorted(pkg.FromFiles)
	slices.Sort(sums)
	// SPDX 2.3, 7.9: the SHA-1 of the sorted SHA-1s.
	pkg.Verification.Value = fmt.Sprintf("%x", sha1.Sum([]byte(strings.Join(sums, ""))))
	d.Packages = []packageInfo{pkg}
	var names []string
	for name := range refs {
		names = append(names, name)
	}
	for _, name := range sorted(names) {
		d.Extracted = append(d.Extracted, extracted{reference(name), name, "The file names " + name + ", whose text is not in the kernel's LICENSES."})
	}
	p, err := json.MarshalIndent(d, "", " ")
	if err != nil {
		return nil, fmt.Errorf("write SPDX document: %w", err)
	}
	return append(p, '\n'), nil
}

// unreserved are the characters that a URI may hold as they are: RFC 3986, 2.3.
var unreserved = regexp.MustCompile(`[^A-Za-z0-9._~-]`)

// describe returns what a document says of a file. A licence that is not in SPDX's
// list is added to refs.
func describe(f File, refs map[string]bool) (fileInfo, Expression) {
	name := sha256.Sum256([]byte(f.Name))
	info := fileInfo{
		ID: fmt.Sprintf("SPDXRef-File-%x", name[:10]), Name: "./" + f.Name, Types: []string{fileType(f)},
		Checksums: []checksum{{"SHA1", fmt.Sprintf("%x", sha1.Sum(f.Content))}, {"SHA256", fmt.Sprintf("%x", sha256.Sum256(f.Content))}},
		Concluded: noAssertion, InFile: []string{noAssertion}, Copyright: noAssertion,
	}
	if IsText(f.Name) {
		return info, Expression{} // the lines that it has are examples
	}
	e, err := Read(f.Content)
	if err != nil {
		info.Comments = err.Error()
		return info, Expression{}
	}
	if e.Text == "" {
		return info, e
	}
	for _, id := range e.IDs {
		if !known[id] {
			refs[id] = true
		}
	}
	e = e.replace(func(id string) string {
		if known[id] {
			return id
		}
		return reference(id)
	})
	info.Concluded, info.InFile = e.Text, e.licences()
	return info, e
}

// IsText reports whether a name is that of a licence's text in a kernel's tree.
func IsText(name string) bool { return strings.HasPrefix(name, "LICENSES/") }

// reference is how a document names a licence that SPDX's list does not have.
func reference(id string) string { return "LicenseRef-" + strings.ReplaceAll(id, "+", "-or-later") }

// replace returns an expression with other identifiers.
func (e Expression) replace(by func(id string) string) Expression {
	words := strings.Fields(strings.NewReplacer("(", "( ", ")", " )").Replace(e.Text))
	out := Expression{}
	for i, w := range words {
		if slices.Contains(e.IDs, w) {
			words[i] = by(w)
			out.IDs = append(out.IDs, words[i])
		}
	}
	out.Text = strings.NewReplacer("( ", "(", " )", ")").Replace(strings.Join(words, " "))
	out.IDs = sorted(out.IDs)
	return out
}

// licences returns the licences that an expression names, without exceptions: SPDX
// 2.3, 8.6.
func (e Expression) licences() (all []string) {
	words := strings.Fields(strings.NewReplacer("(", " ", ")", " ").Replace(e.Text))
	for i := 0; i < len(words); i++ {
		switch words[i] {
		case "AND", "OR":
		case "WITH":
			i++
		default:
			all = append(all, words[i])
		}
	}
	return sorted(all)
}

// fileType is SPDX's: 8.3, file type field.
func fileType(f File) string {
	switch {
	case strings.HasPrefix(string(f.Content[:min(len(f.Content), 4)]), "\x7fELF"):
		return "BINARY"
	case IsText(f.Name) || f.Name == "COPYING":
		return "DOCUMENTATION"
	case f.Program, strings.Contains(f.Name, "Makefile"), slices.ContainsFunc([]string{".h", ".c", ".S", ".lds", ".sh", ".pl", ".py"}, func(s string) bool { return strings.HasSuffix(f.Name, s) }):
		return "SOURCE"
	}
	return "TEXT"
}
