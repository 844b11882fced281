// SPDX-License-Identifier: Apache-2.0

package kmodule

import (
	"path/filepath"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kmake"
)

// realPath makes a path absolute and free of symbolic links, as make's realpath
// and a compiler's working directory are.
func realPath(path string) (string, error) {
	if err := kmake.Absolute(&path); err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(path)
}

// prefixMaps are the compiler's flags that keep where a module is built out of it.
func (m Module) prefixMaps() ([]string, error) {
	var maps []string
	if strings.Contains(m.Compiler, "/") && !filepath.IsAbs(m.Compiler) {
		// A toolchain of the build's has headers of its own, as stdarg.h, which
		// its compiler finds by its own real path.
		compiler, err := realPath(m.Compiler)
		if err != nil {
			return nil, err
		}
		maps = append(maps, "-ffile-prefix-map="+filepath.Dir(filepath.Dir(compiler))+"/=")
	}
	// The compiler's working directory, which debug information names without a
	// slash at its end, is the tree, and since 6.13 the module's directory.
	for _, dir := range []string{m.Tree, m.root} {
		maps = append(maps, "-fdebug-prefix-map="+dir+"=.")
	}
	for _, dir := range []string{m.Tree, m.root} {
		maps = append(maps, "-ffile-prefix-map="+dir+"/=")
	}
	return maps, nil
}
