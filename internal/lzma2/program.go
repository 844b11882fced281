// SPDX-License-Identifier: Apache-2.0

package lzma2

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/xz"
)

// Program returns the encoder that runs the xz program at path, one process a
// block. Preset is the name of one of Presets, or one of xz, 0 to 9 or 0e to 9e,
// optionally followed by LZMA2 options as xz --lzma2 takes them: "6", "9e",
// "9,dict=64MiB,lc=4,pb=0".
// A preset that is none of these is reported by Encode.
//
// The output depends on the preset and the version of xz, and on nothing else:
// each process has one thread, every setting on its command line and an empty
// environment. The same program decodes it again, and what comes out is
// compared, before it is used.
func Program(path, preset string) Encoder {
	options, err := parsePreset(preset)
	return program{path, options, err}
}

type program struct {
	path    string
	options options
	err     error // what is wrong with the preset
}

func (x program) Name() string {
	if x.err != nil {
		return "xz"
	}
	return "xz --lzma2=" + x.options.String()
}

func (x program) DictProp() byte { return xz.DictProp(x.options.dict) }

func (x program) Encode(p Part) ([]byte, error) {
	if x.err != nil {
		return nil, x.err
	}
	// A dictionary larger than the data finds nothing more, and costs the
	// encoder eleven times its size: 674 MiB at -9.
	o, want := x.options, p.Len()
	o.dict = min(o.dict, xz.DictSize(xz.DictProp(int64(want))))

	var out bytes.Buffer
	out.Grow(want / 4)
	if err := x.run(&out, p.Open(), "--compress", "--no-adjust", "--lzma2="+o.String()); err != nil {
		return nil, err
	}
	// The cheap look comes first: it also keeps the decoder from running away
	// on output that is something else.
	size, err := xz.DecodedSize(out.Bytes())
	if err == nil && size != int64(want) {
		err = fmt.Errorf("it decodes to %d bytes: expected %d", size, want)
	}
	if err != nil {
		return nil, fmt.Errorf("run %s: output is not the raw LZMA2 data of its input: %w", x.path, err)
	}
	same := &comparer{want: p.Open(), left: want}
	if err := x.run(same, bytes.NewReader(out.Bytes()), "--decompress", "--lzma2="+o.String()); err != nil {
		return nil, fmt.Errorf("decode what was compressed: %w", err)
	}
	if same.left > 0 {
		return nil, fmt.Errorf("run %s: output decodes to something else than its input", x.path)
	}
	return out.Bytes(), nil
}

func (x program) run(out io.Writer, in io.Reader, args ...string) error {
	cmd := exec.Command(x.path, append(args, "--format=raw", "--stdout", "--threads=1")...)
	// Not nil, which would inherit: XZ_OPT and XZ_DEFAULTS add settings, and
	// the locale translates messages.
	cmd.Env = []string{}
	var message bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, out, &message
	if err := cmd.Run(); err != nil {
		if said := strings.Join(strings.Fields(message.String()), " "); said != "" {
			return fmt.Errorf("run %s: %w: %s", x.path, err, said)
		}
		return fmt.Errorf("run %s: %w", x.path, err)
	}
	return nil
}

// comparer takes what it is written for as long as it is what it expects.
type comparer struct {
	want io.Reader
	left int // bytes of it
	room []byte
}

func (c *comparer) Write(p []byte) (int, error) {
	c.room = slices.Grow(c.room[:0], len(p))[:len(p)]
	n, err := io.ReadFull(c.want, c.room)
	c.left -= n
	if err != nil || !bytes.Equal(c.room, p) {
		return 0, errors.New("it is something else than what was compressed")
	}
	return len(p), nil
}
