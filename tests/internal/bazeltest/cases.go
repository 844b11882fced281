// SPDX-License-Identifier: Apache-2.0

package bazeltest

import (
	"context"
	"fmt"
	"io"
	"time"
)

// A Case is a test by its name.
type Case struct {
	Name string
	Run  func() error
}

// RunCases runs all cases, writes of each how it ended, and fails if one did. It
// starts none when the context has ended.
func RunCases(ctx context.Context, w io.Writer, cases ...Case) error {
	failed := 0
	for i, c := range cases {
		if ctx.Err() != nil {
			return fmt.Errorf("%d of %d tests not run: %w", len(cases)-i, len(cases), context.Cause(ctx))
		}
		start := time.Now()
		err := c.Run()
		took := time.Since(start).Seconds()
		if err != nil {
			failed++
			fmt.Fprintf(w, "FAIL %s (%.0f s): %v\n", c.Name, took, err)
			continue
		}
		fmt.Fprintf(w, "PASS %s (%.0f s)\n", c.Name, took)
	}
	fmt.Fprintf(w, "%d passed, %d failed\n", len(cases)-failed, failed)
	if failed > 0 {
		return fmt.Errorf("%d of %d failed", failed, len(cases))
	}
	return nil
}
