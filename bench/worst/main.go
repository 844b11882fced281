// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Worst measures the time and memory that the compression of what is hardest for
// it takes, beside text and what Preset.Memory says.
package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"

	"github.com/rules-kheaders/rules_kheaders/bench/internal/bench"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/lzma2"
)

func main() { os.Exit(bench.Main("worst", run)) }

const mib = 1 << 20

// input is what is compressed: pieces, which may be the same memory.
type input struct {
	name string
	make func(size, dict int) lzma2.Part
}

var inputs = []input{
	{"text", func(size, _ int) lzma2.Part { return repeat(text(48*mib), size) }},
	{"one byte", func(size, _ int) lzma2.Part { return repeat(make([]byte, mib), size) }},
	{"random", func(size, _ int) lzma2.Part { return repeat(random(48*mib), size) }},
	{"random, repeated at the dictionary's edge", func(size, dict int) lzma2.Part { return repeat(random(dict-16<<10), size) }},
	{"random, repeated just beyond it", func(size, dict int) lzma2.Part { return repeat(random(dict+1), size) }},
	{"text, repeated at the dictionary's edge", func(size, dict int) lzma2.Part { return repeat(text(dict-16<<10), size) }},
	{"a short period", func(size, _ int) lzma2.Part { return repeat(slices.Repeat([]byte("abcdefg"), mib/7), size) }},
}

func repeat(piece []byte, size int) (p lzma2.Part) {
	for ; size > 0; size -= len(piece) {
		p = append(p, piece[:min(len(piece), size)])
	}
	return p
}

func random(n int) []byte {
	p := make([]byte, n)
	rand.NewChaCha8([32]byte{}).Read(p)
	return p
}

// text returns n bytes that look like headers.
func text(n int) (p []byte) {
	words := []string{"#define ", "struct ", "unsigned int ", "static inline ", "return ", "extern ", "#ifdef CONFIG_", "#endif\n", ";\n", "\t", "_", "(void)", "0x"}
	r := rand.New(rand.NewPCG(1, 1))
	for len(p) < n {
		p = append(p, words[r.IntN(len(words))]...)
		p = strconv.AppendInt(p, int64(r.ExpFloat64()*50), 36)
	}
	return p[:n]
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	b := bench.New("worst", "Measure the compression of what is hardest for it: go run ./bench/worst.", 1, "", "")
	size := b.Int("mib", 64, "compress `MIB`; 2048 is a file of 2 GiB")
	preset := b.String("preset", "", "by one `PRESET` only")
	only := b.Int("only", -1, "compress only the input of this `NUMBER`, from 0")
	child := b.Bool("child", false, "compress, and print only the size (what is measured)")
	if help, err := b.Parse(args, stdout); help || err != nil {
		return err
	}
	if *size < 1 || *only >= len(inputs) {
		return fmt.Errorf("-mib is %d and -only is %d: expected at least 1, and at most %d", *size, *only, len(inputs)-1)
	}
	if *child {
		p, err := lzma2.ParsePreset(*preset)
		if err != nil {
			return err
		}
		block, err := p.Encode(inputs[*only].make(*size*mib, p.Dictionary()), 0)
		if err == nil {
			_, err = fmt.Fprintln(stdout, block.LZMA2.Size())
		}
		return err
	}
	return b.Measure(ctx, nil, stdout, func(ctx context.Context, dir string) (*bench.Report, error) {
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		report := &bench.Report{Subject: fmt.Sprintf("compression of %d MiB that are hard for it", *size)}
		for _, p := range []lzma2.Preset{lzma2.Default, lzma2.Smallest, lzma2.Fast} {
			if *preset != "" && *preset != p.Name() {
				continue
			}
			table := bench.Table{Name: "preset " + p.Name()}
			for i, in := range inputs {
				if *only >= 0 && *only != i {
					continue
				}
				sample, err := bench.Once(ctx, bench.Command{Name: in.name, Args: []string{self, "-child", "-preset", p.Name(), "-only", strconv.Itoa(i), "-mib", strconv.Itoa(*size)}})
				if err != nil {
					return nil, err
				}
				table.Series = append(table.Series, bench.Series{Name: in.name, Samples: []bench.Sample{sample}})
			}
			report.Tables = append(report.Tables, table)
			report.Notes = append(report.Notes, fmt.Sprintf("%s: Preset.Memory says %d MiB with all of the input in memory, which here is at most 48",
				p.Name(), p.Memory(int64(*size)*mib, 0)/mib))
		}
		return report, nil
	})
}
