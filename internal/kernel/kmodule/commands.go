// SPDX-License-Identifier: Apache-2.0

package kmodule

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/atomicfile"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/infile"
)

// A Command is an entry of compile_commands.json
// (https://clang.llvm.org/docs/JSONCompilationDatabase.html).
type Command struct {
	Directory string   `json:"directory"`
	File      string   `json:"file"`
	Arguments []string `json:"arguments"`
}

// savedCommand is the first line of a .cmd file: scripts/Kbuild.include, cmd_and_fixdep;
// "saved" since 6.3.
var savedCommand = regexp.MustCompile(`(?m)^(?:saved)?cmd_(\S+\.o) := (.*)$`)

// prefixMap is a flag that keeps paths out of modules.
var prefixMap = regexp.MustCompile(`^-f(debug|file|macro)-prefix-map=`)

// gccOnly are flags of the kernel's that clang does not know, so that clangd
// would complain about each.
var gccOnly = regexp.MustCompile(`^-(f(align-(jumps|labels).*|conserve-stack|no-allow-store-data-races|no-ipa-.*|plugin.*|no-var-tracking.*|` +
	`emit-struct-debug.*|sanitize=bounds-strict|min-function-alignment=.*|no-stack-clash-protection|record-gcc-switches|trampolines)|` +
	`m(preferred-stack-boundary=.*|indirect-branch.*|function-return=.*|record-mcount|skip-rax-setup|abi=lp64|no-fdpic)|` +
	`W(no-(maybe-uninitialized|packed-not-aligned|restrict|alloc-size-larger-than|dangling-pointer|format-(truncation|overflow)|stringop-(truncation|overflow)|unterminated-string-initialization|array-bounds)|` +
	`imp(licit-fallthrough=.*)|packed-not-aligned|unused-but-set-(variable|parameter)|maybe-uninitialized|(error=)?designated-init)|` +
	`-param.*)$`)

// commands are how each source was compiled. All paths are relative to the
// directory that the module's own were relative to, and so is Directory: "."
func (m Module) commands() ([]Command, error) {
	var all []Command
	err := filepath.WalkDir(m.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".o.cmd") || strings.HasSuffix(path, ".mod.o.cmd") {
			return err
		}
		text, err := infile.ReadFile(path)
		if err != nil {
			return err
		}
		c, ok, err := m.command(string(text))
		if err != nil {
			return fmt.Errorf("read %s: %w", filepath.Base(path), err)
		}
		if ok {
			all = append(all, c)
		}
		return nil
	})
	return all, err
}

// WriteCommands writes a compile_commands.json.
func WriteCommands(file string, all []Command) error {
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.WriteBytes(file, 0o644, append(text, '\n'))
}

// command is what a .cmd file records; false when that compiled no source.
func (m Module) command(text string) (Command, bool, error) {
	found := savedCommand.FindStringSubmatch(text)
	if found == nil {
		return Command{}, false, nil
	}
	// Until 6.12 make compiles in the tree and names objects by absolute
	// paths; since then, in the module's directory.
	cwd := m.dir
	if filepath.IsAbs(found[1]) {
		cwd = m.Tree
	}
	words, err := split(unescape(found[2]))
	if err != nil {
		return Command{}, false, err
	}
	c := Command{Directory: "."}
	for i := 0; i < len(words); i++ {
		w := words[i]
		switch {
		case w == ";" || strings.HasPrefix(w, "#"):
			// objtool and others follow.
			i = len(words)
		case strings.HasPrefix(w, "-Wp,-M"), prefixMap.MatchString(w), gccOnly.MatchString(w):
		case w == "--param":
			i++
		default:
			c.Arguments = append(c.Arguments, m.visible(cwd, w, len(c.Arguments) > 0 && takesPath[c.Arguments[len(c.Arguments)-1]]))
			if strings.HasSuffix(w, ".c") || strings.HasSuffix(w, ".S") {
				c.File = c.Arguments[len(c.Arguments)-1]
			}
		}
	}
	return c, c.File != "", nil
}

// takesPath are the flags whose next word is a path.
var takesPath = map[string]bool{"-I": true, "-include": true, "-isystem": true, "-o": true}

// visible is a word with its path as the caller knows it.
func (m Module) visible(cwd, word string, path bool) string {
	flag, rest := "", word
	switch {
	case strings.HasPrefix(word, "-I"):
		flag, rest, path = "-I", word[2:], true
	case !strings.HasPrefix(word, "-") && (strings.HasSuffix(word, ".c") || strings.HasSuffix(word, ".S") || strings.HasSuffix(word, ".o")):
		path = true
	}
	if path && rest != "" && !filepath.IsAbs(rest) {
		rest = filepath.Join(cwd, rest)
	}
	rest = strings.ReplaceAll(rest, m.Tree+"/", m.tree+"/")
	if rest == m.Tree {
		rest = m.tree
	}
	if strings.HasPrefix(rest, m.root) {
		name := strings.TrimPrefix(strings.TrimPrefix(rest, m.root), "/")
		if file, ok := m.given[name]; ok {
			rest = file
		} else {
			// In the workspace's own directory both may be empty.
			rest = filepath.Join(".", m.prefix(), name)
		}
	}
	return flag + rest
}

// prefix is where the directory of all sources is: what is before the name of
// the first source that is none of Bazel's outputs, else of any.
func (m Module) prefix() string {
	prefix := ""
	for _, name := range m.longestFirst() {
		before, ok := strings.CutSuffix(m.given[name], name)
		if ok && (prefix == "" || !strings.HasPrefix(before, "bazel-out/")) {
			prefix = before
		}
	}
	return prefix
}

// unescape undoes what scripts/Kbuild.include's make-cmd does to a command: it
// doubles dollars, and a # is $(pound).
func unescape(command string) string {
	return strings.NewReplacer("$(pound)", "#", `\#`, "#", "$$", "$").Replace(command)
}

// split is a shell's split into words, of what Kbuild writes: single and double
// quotes, backslashes, no expansion.
func split(s string) ([]string, error) {
	var words []string
	var word strings.Builder
	inWord := false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\'':
			end := strings.IndexByte(s[i+1:], '\'')
			if end < 0 {
				return nil, fmt.Errorf("split a command: a single quote is open at byte %d", i)
			}
			word.WriteString(s[i+1 : i+1+end])
			i += end + 1
			inWord = true
		case c == '"':
			inWord = true
			for i++; i < len(s) && s[i] != '"'; i++ {
				if s[i] == '\\' && i+1 < len(s) && strings.IndexByte("\"\\$`", s[i+1]) >= 0 {
					i++
				}
				word.WriteByte(s[i])
			}
			if i == len(s) {
				return nil, fmt.Errorf("split a command: a double quote is not closed")
			}
		case c == '\\' && i+1 < len(s):
			i++
			word.WriteByte(s[i])
			inWord = true
		case c == ' ' || c == '\t' || c == ';':
			if inWord {
				words = append(words, word.String())
				word.Reset()
				inWord = false
			}
			if c == ';' {
				words = append(words, ";")
			}
		default:
			word.WriteByte(c)
			inWord = true
		}
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, nil
}

// MergeCommands reads compile_commands.json files of modules, and sets what
// their paths are relative to.
func MergeCommands(directory string, files []string) ([]Command, error) {
	all := []Command{}
	for _, file := range files {
		text, err := infile.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var some []Command
		if err := json.Unmarshal(text, &some); err != nil {
			return nil, fmt.Errorf("read %s: %w; expected compile_commands.json of a kernel_module", file, err)
		}
		for _, c := range some {
			c.Directory = directory
			all = append(all, c)
		}
	}
	return all, nil
}
