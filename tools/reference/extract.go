// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// A module is what of ModuleInfo is shown: src/main/protobuf/stardoc_output.proto
// in Bazel, whose field numbers these are.
type module struct {
	file, doc  string
	rules      []symbol
	macros     []symbol
	functions  []symbol
	providers  []symbol
	extensions []symbol
}

// A symbol is a rule, a macro, a function, whose parameters are its attributes,
// a provider, whose fields are, an extension or a tag of one.
type symbol struct {
	name, doc  string
	returns    string
	deprecated string
	attributes []attribute
	tags       []symbol
}

type attribute struct {
	name, doc, value string
	kind             string
	mandatory        bool
}

// kinds are the names of AttributeType.
var kinds = []string{
	"", "name", "int", "label", "string", "list of strings", "list of ints", "list of labels", "bool", "dict: label to string",
	"dict: string to string", "dict: string to list", "output", "list of outputs", "dict: string to label", "dict: string to labels",
}

// fields calls found with each field of a message: its number, and its content
// as bytes or as a number.
func fields(message []byte, found func(number protowire.Number, content []byte, value uint64)) error {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return protowire.ParseError(n)
		}
		message = message[n:]
		switch kind {
		case protowire.BytesType:
			content, n := protowire.ConsumeBytes(message)
			if n < 0 {
				return protowire.ParseError(n)
			}
			found(number, content, 0)
			message = message[n:]
		case protowire.VarintType:
			value, n := protowire.ConsumeVarint(message)
			if n < 0 {
				return protowire.ParseError(n)
			}
			found(number, nil, value)
			message = message[n:]
		default:
			return fmt.Errorf("field %d has the wire type %d, which ModuleInfo has not", number, kind)
		}
	}
	return nil
}

func parseModule(message []byte) (m module, err error) {
	keep := func(list *[]symbol, parse func([]byte) (symbol, error), content []byte) {
		s, e := parse(content)
		*list = append(*list, s)
		err = cmp.Or(err, e)
	}
	e := fields(message, func(number protowire.Number, content []byte, _ uint64) {
		switch number {
		case 1, 8: // rule_info, repository_rule_info
			keep(&m.rules, parseSymbol, content)
		case 2:
			keep(&m.providers, parseSymbol, content)
		case 3:
			keep(&m.functions, parseFunction, content)
		case 5:
			m.doc = string(content)
		case 6:
			m.file = string(content)
		case 7:
			keep(&m.extensions, parseSymbol, content)
		case 9:
			keep(&m.macros, parseSymbol, content)
		default:
			// What is left out without a word is missed by nobody: 4 is aspect_info.
			err = cmp.Or(err, fmt.Errorf("field %d of ModuleInfo is none of those that are written", number))
		}
	})
	for _, list := range [][]symbol{m.rules, m.macros, m.functions, m.providers, m.extensions} {
		slices.SortFunc(list, func(a, b symbol) int { return cmp.Compare(a.name, b.name) })
	}
	if err = cmp.Or(err, e); err == nil && m.file == "" {
		err = fmt.Errorf("no ModuleInfo")
	}
	return m, err
}

// parseSymbol reads RuleInfo, MacroInfo, ProviderInfo, ModuleExtensionInfo and
// its tag class, which number what they share alike.
func parseSymbol(message []byte) (s symbol, err error) {
	e := fields(message, func(number protowire.Number, content []byte, _ uint64) {
		switch number {
		case 1:
			s.name = string(content)
		case 2:
			s.doc = string(content)
		case 3:
			a, e := parseAttribute(content)
			err = cmp.Or(err, e)
			if a.kind != "name" {
				s.attributes = append(s.attributes, a)
			}
			// An extension's are tags.
			tag, e := parseSymbol(content)
			if e == nil {
				s.tags = append(s.tags, tag)
			}
		}
	})
	slices.SortFunc(s.attributes, func(a, b attribute) int { return cmp.Compare(a.name, b.name) })
	return s, cmp.Or(err, e)
}

// parseFunction reads StarlarkFunctionInfo, whose parameters stay in their order.
func parseFunction(message []byte) (s symbol, err error) {
	e := fields(message, func(number protowire.Number, content []byte, _ uint64) {
		var e error
		switch number {
		case 1:
			s.name = string(content)
		case 2:
			var a attribute
			a, e = parseParameter(content)
			s.attributes = append(s.attributes, a)
		case 3:
			s.doc = string(content)
		case 4:
			s.returns, e = parseDoc(content)
		case 5:
			s.deprecated, e = parseDoc(content)
		}
		err = cmp.Or(err, e)
	})
	return s, cmp.Or(err, e)
}

// parseParameter reads FunctionParamInfo.
func parseParameter(message []byte) (a attribute, err error) {
	stars := ""
	err = fields(message, func(number protowire.Number, content []byte, value uint64) {
		switch number {
		case 1:
			a.name = string(content)
		case 2:
			a.doc = string(content)
		case 3:
			a.value = string(content)
		case 4:
			a.mandatory = value != 0
		case 5:
			stars = map[uint64]string{4: "*", 5: "**"}[value] // PARAM_ROLE_VARARGS, PARAM_ROLE_KWARGS
		}
	})
	a.name = stars + a.name
	return a, err
}

// parseDoc reads FunctionReturnInfo and FunctionDeprecationInfo, which are a
// text.
func parseDoc(message []byte) (doc string, err error) {
	err = fields(message, func(number protowire.Number, content []byte, _ uint64) {
		if number == 1 {
			doc = string(content)
		}
	})
	return doc, err
}

func parseAttribute(message []byte) (a attribute, err error) {
	err = fields(message, func(number protowire.Number, content []byte, value uint64) {
		switch number {
		case 1:
			a.name = string(content)
		case 2:
			a.doc = string(content)
		case 3:
			if value < uint64(len(kinds)) {
				a.kind = kinds[value]
			}
		case 4:
			a.mandatory = value != 0
		case 6:
			a.value = string(content)
		}
	})
	return a, err
}
