package spelling

import (
	"regexp"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// Kind names the sort of a YAML node for messages: "a list".
func Kind(n ast.Node) string {
	switch n.(type) {
	case nil, *ast.NullNode:
		return "nothing"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "keys and values"
	case *ast.SequenceNode:
		return "a list"
	case *ast.BoolNode:
		return "true or false"
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "a number"
	case *ast.StringNode, *ast.LiteralNode:
		return "a text"
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode:
		return "an anchor or alias"
	case *ast.TagNode:
		return "a tag"
	}
	return "something else"
}

var leadingZero = regexp.MustCompile(`^[-+]?0[0-9_]+$`)

// Scalar is a text, or a number or date as it is written; ok is false of other nodes. It
// is unclear if it is a number with a leading zero and without quotes, which versions of
// YAML read differently.
func Scalar(n ast.Node) (text string, unclear, ok bool) {
	switch v := n.(type) {
	case *ast.LiteralNode:
		return v.Value.Value, false, true
	case *ast.StringNode:
		quoted := v.Token != nil && (v.Token.Type == token.SingleQuoteType || v.Token.Type == token.DoubleQuoteType)
		return v.Value, !quoted && leadingZero.MatchString(v.Value), true
	case *ast.IntegerNode, *ast.FloatNode:
		text = n.GetToken().Value
		return text, leadingZero.MatchString(text), true
	}
	return "", false, false
}
