// SPDX-License-Identifier: Apache-2.0

// Spdx validates SPDX documents of archives, by SPDX's own Go library, which reads
// nothing that the specification does not have, and a list of SPDX's licences:
//
//	cd tests/spdx && go run . ARCHIVE.spdx.json...
//
// It is a module of its own, so that the project does not depend on either.
package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/github/go-spdx/v2/spdxexp"
	"github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx/v2/common"
	"github.com/spdx/tools-golang/spdx/v2/v2_3"
	"github.com/spdx/tools-golang/spdxlib"
	"github.com/spdx/tools-golang/utils"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "spdx: %v\n", err)
		os.Exit(1)
	}
}

func run(files []string) error {
	if len(files) == 0 {
		return fmt.Errorf("no document is given, expected SPDX 2.3 in JSON")
	}
	for _, name := range files {
		if err := validate(name); err != nil {
			return fmt.Errorf("validate %s: %w", name, err)
		}
	}
	return nil
}

func validate(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	var doc v2_3.Document
	if err := json.ReadInto(f, &doc); err != nil {
		return err
	}
	if err := spdxlib.ValidateDocument(&doc); err != nil {
		return err
	}
	if doc.SPDXVersion != v2_3.Version || len(doc.Packages) != 1 || len(doc.Files) == 0 {
		return fmt.Errorf("it is %s with %d packages and %d files, expected %s with one package and its files", doc.SPDXVersion, len(doc.Packages), len(doc.Files), v2_3.Version)
	}
	pkg := doc.Packages[0]
	code, err := utils.GetVerificationCode(doc.Files, "")
	if err != nil {
		return err
	}
	if pkg.PackageVerificationCode == nil || pkg.PackageVerificationCode.Value != code.Value {
		return fmt.Errorf("the package's verification code is not that of its files, %s", code.Value)
	}
	return licences(&doc)
}

// licences checks the expressions, and that each licence outside SPDX's list is
// explained.
func licences(doc *v2_3.Document) error {
	explained := make(map[string]bool)
	for _, other := range doc.OtherLicenses {
		explained[other.LicenseIdentifier] = true
	}
	seen := make(map[common.ElementID]bool)
	check := func(of, expression string) error {
		if expression == "NOASSERTION" {
			return nil
		}
		if ok, bad := spdxexp.ValidateLicenses([]string{expression}); !ok {
			return fmt.Errorf("%s: %q is no expression of SPDX", of, bad)
		}
		for _, word := range strings.FieldsFunc(expression, func(r rune) bool { return strings.ContainsRune(" ()", r) }) {
			if strings.HasPrefix(word, "LicenseRef-") && !explained[word] {
				return fmt.Errorf("%s: %s is not explained", of, word)
			}
		}
		return nil
	}
	for _, f := range doc.Files {
		if seen[f.FileSPDXIdentifier] {
			return fmt.Errorf("%s: its identifier %s is another file's too", f.FileName, f.FileSPDXIdentifier)
		}
		seen[f.FileSPDXIdentifier] = true
		for _, expression := range append(f.LicenseInfoInFiles, f.LicenseConcluded) {
			if err := check(f.FileName, expression); err != nil {
				return err
			}
		}
	}
	for _, expression := range append(doc.Packages[0].PackageLicenseInfoFromFiles, doc.Packages[0].PackageLicenseDeclared) {
		if err := check("the package", expression); err != nil {
			return err
		}
	}
	return nil
}
