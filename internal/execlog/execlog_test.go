// SPDX-License-Identifier: Apache-2.0

package execlog

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

// Two entries as Bazel 7.7.1 writes them, without what is not read.
const text = `{
  "mnemonic": "KheadersPack", "runner": "remote", "cacheHit": false, "targetLabel": "//a:b",
  "actualOutputs": [{"path": "bazel-out/b", "digest": {"hash": "aa", "sizeBytes": "1500000"}}],
  "metrics": {"totalTime": "2.188s", "inputBytes": "7733048", "inputFiles": "3"}
}{
  "mnemonic": "KheadersPack", "runner": "remote cache hit", "cacheHit": true, "targetLabel": "//a:c",
  "actualOutputs": [{"path": "bazel-out/c", "digest": {"hash": "bb", "sizeBytes": "500000"}}],
  "metrics": {"totalTime": "0.5s", "inputBytes": "1000", "inputFiles": "1"}
}{"mnemonic": "GoLink", "runner": "remote", "metrics": {}}`

func TestRead(t *testing.T) {
	all, err := Read(strings.NewReader(text))
	if err != nil || len(all) != 3 {
		t.Fatalf("got %d entries, %v; want 3", len(all), err)
	}
	want := Spawn{
		Mnemonic: "KheadersPack", Target: "//a:b", Runner: "remote", Outputs: []Output{{"bazel-out/b", "aa"}},
		InputFiles: 3, InputBytes: 7733048, OutputBytes: 1500000, Wall: 2188 * time.Millisecond,
	}
	if !reflect.DeepEqual(all[0], want) {
		t.Errorf("got %+v, want %+v", all[0], want)
	}
}

func TestCosts(t *testing.T) {
	all, err := Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := Markdown(&out, Costs(all, Ours)); err != nil {
		t.Fatal(err)
	}
	want := `| mnemonic | actions | cache hits | seconds | input files | input MB | output MB |
|---|--:|--:|--:|--:|--:|--:|
| ` + "`KheadersPack`" + ` | 2 | 1 | 2.2 | 4 | 7.7 | 2.0 |
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", &out, want)
	}
}

func TestOurs(t *testing.T) {
	for mnemonic, want := range map[string]bool{
		"KernelBuild": true, "KheadersStamp": true, "KbuildRequiredPrograms": true, "BpfObject": true, "GoLink": false, "CppCompile": false,
	} {
		if got := Ours(mnemonic); got != want {
			t.Errorf("Ours(%s) = %v, want %v", mnemonic, got, want)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{`{"mnemonic": "A"}{"mnem`, "entry 2"},
		{`{"id": 1}`, "has no mnemonic"},
		{`{"mnemonic": "A", "metrics": {"totalTime": "x"}}`, "time of A"},
		{`{"mnemonic": "A", "metrics": {"inputBytes": "x"}}`, "entry 1"},
	} {
		if _, err := Read(strings.NewReader(tt.text)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.text, err, tt.want)
		}
	}
}
