// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/infile"
)

// PrintJSON writes v as one JSON value, indented, and a newline: what --json
// prints.
func PrintJSON(w io.Writer, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

// ReadJSON reads a file of one JSON value into v. A key that v has no field for is
// an error.
func ReadJSON(file string, v any) error {
	text, err := infile.ReadFile(file)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("read %s: more follows the JSON value, expected one", file)
	}
	return nil
}

// Specification returns the one argument of a program that a rule writes a JSON
// file for, or what the variable of the environment names.
func Specification(args []string, variable string) (string, error) {
	args, err := Parse(NewFlags(), args)
	if err != nil {
		return "", err
	}
	if len(args) > 1 {
		return "", Usagef("got %d arguments, expected one JSON file, or it in %s", len(args), variable)
	}
	if len(args) == 1 {
		return args[0], nil
	}
	if file := os.Getenv(variable); file != "" {
		return file, nil
	}
	return "", Usagef("no specification: expected a JSON file as the only argument, or in %s", variable)
}
