// SPDX-License-Identifier: Apache-2.0

package bazeltest

import (
	"fmt"
	"io"
)

// A Case is a test by its name.
type Case struct {
	Name string
	Run  func() error
}

// RunCases runs all cases, writes of each how it ended, and fails if one did.
func RunCases(w io.Writer, cases ...Case) error {
	failed := 0
	for _, c := range cases {
		if err := c.Run(); err != nil {
			failed++
			fmt.Fprintf(w, "FAIL %s: %v\n", c.Name, err)
			continue
		}
		fmt.Fprintf(w, "PASS %s\n", c.Name)
	}
	fmt.Fprintf(w, "%d passed, %d failed\n", len(cases)-failed, failed)
	if failed > 0 {
		return fmt.Errorf("%d of %d failed", failed, len(cases))
	}
	return nil
}
