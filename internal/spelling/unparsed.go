package spelling

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"
)

// Unparsed says what to look for where a YAML parser complains of a line of src (from
// 1), which it can do lines after what is wrong. First is the line of the file at which
// src begins.
func Unparsed(src string, line, first int) string {
	var hints []string
	if open := opened(src, line); open != nil {
		hints = append(hints, fmt.Sprintf("look for the end of the %s in line %d", open.Value, open.Position.Line+first-1))
	}
	if hint := Unquoted(src, line); hint != "" {
		hints = append(hints, hint)
	}
	if hints == nil {
		return "look at the indentation of this line and the one before it, and for quotes, brackets or braces that are open before it"
	}
	return strings.Join(hints, ", or ")
}

// opened is the last bracket or brace of the lines before a line that is still open
// there; nil if there is none.
func opened(src string, line int) *token.Token {
	var open []*token.Token
	for _, t := range lexer.Tokenize(src) {
		if t.Position.Line >= line {
			break
		}
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			open = append(open, t)
		case token.MappingEndType, token.SequenceEndType:
			open = open[:max(len(open)-1, 0)]
		}
	}
	if len(open) == 0 {
		return nil
	}
	return open[len(open)-1]
}
