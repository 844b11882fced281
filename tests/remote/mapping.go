// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/execlog"
)

// mapping builds one archive, and what is made of it, for two configurations. A
// path of an output has its configuration's name in it, so without path mapping
// each action is another; with it, the second is a cache hit. That both are tried
// shows that the test can fail. The output base is its own: where the archive was
// built before, nothing would run.
func (e *environment) mapping() error {
	b, err := e.elsewhere("mapping")
	if err != nil {
		return err
	}
	defer b.Run("shutdown")
	kinds := []string{"KheadersExtract", "KheadersInitramfs", "KheadersPack", "KheadersPlaceholder", "KheadersStamp", "KheadersVerify"}
	for _, mode := range []struct {
		name string
		hits int
	}{{"off", 0}, {"strip", 1}} {
		mapped := "--experimental_output_paths=" + mode.name
		// The tools, of which the path has a name of this setting's, too. They are fetched: the cache below has none of them.
		if _, err := e.build(b, mapped, everything, "//tests/remote:warm_stamped"); err != nil {
			return err
		}
		spawns, err := e.build(b, mapped, "--jobs=1", "--disk_cache="+filepath.Join(e.dir, "disk-"+mode.name), "//tests/remote:twice")
		if err != nil {
			return err
		}
		costs := execlog.Costs(spawns, execlog.Ours)
		if len(costs) != len(kinds) {
			return fmt.Errorf("these ran: %+v; want %s", costs, strings.Join(kinds, ", "))
		}
		for _, c := range costs {
			if c.Actions != 2 || c.Hits != mode.hits {
				return fmt.Errorf("--experimental_output_paths=%s: %s %d times, %d of them from the cache; want 2 and %d",
					mode.name, c.Mnemonic, c.Actions, c.Hits, mode.hits)
			}
		}
	}
	return nil
}
