// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"context"
	"strings"
	"testing"
)

func TestChild(t *testing.T) {
	for only := range inputs {
		if only == 3 || only == 5 {
			continue // as the others, and slow to make
		}
		var out strings.Builder
		args := []string{"-child", "-preset", "fast", "-mib", "1", "-only", string(rune('0' + only))}
		if err := run(context.Background(), args, &out); err != nil || len(out.String()) < 2 {
			t.Errorf("%s: got %q, %v", inputs[only].name, out.String(), err)
		}
	}
	if err := run(context.Background(), []string{"-only", "99"}, nil); err == nil || !strings.Contains(err.Error(), "expected at least 1") {
		t.Errorf("got %v", err)
	}
}
