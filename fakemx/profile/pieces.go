package profile

import "strings"

// pieces are a text with placeholders, taken apart.
type pieces []piece

// A piece is a part of a text: what stands there, or what a placeholder stands for.
type piece struct {
	literal string
	value   func(*Profile, Vars) string // nil for a literal
}

// takeApart makes pieces of a text; checkText let no unknown placeholder through.
func (p *Profile) takeApart(s string) pieces {
	var out pieces
	literal := func(s string) {
		if s != "" {
			out = append(out, piece{literal: s})
		}
	}
	before, rest, ok := strings.Cut(s, "{")
	for ; ok; before, rest, ok = strings.Cut(rest, "{") {
		literal(before)
		if strings.HasPrefix(rest, "{") { // "{{" is one
			literal("{")
			rest = rest[1:]
			continue
		}
		var name string
		name, rest, _ = strings.Cut(rest, "}")
		out = append(out, piece{value: p.valueOf(name)})
	}
	literal(before)
	return out
}

// valueOf gives what a placeholder stands for. What a client said may hold anything,
// and a reply must stay a reply, so control characters become "?".
func (p *Profile) valueOf(name string) func(*Profile, Vars) string {
	value, ok := placeholders[name]
	switch {
	case ok:
	case p.knowsFound(name):
		value = func(_ *Profile, v Vars) string { return v.found(name) }
	default:
		value = func(p *Profile, v Vars) string {
			if v.New == nil {
				return p.values[name].sample()
			}
			return v.New(name)
		}
	}
	return func(p *Profile, v Vars) string { return printable(value(p, v)) }
}

// with puts values in the place of placeholders.
func (t pieces) with(p *Profile, v Vars) string {
	if len(t) == 1 && t[0].value == nil {
		return t[0].literal
	}
	var room [128]byte
	out := room[:0]
	for _, one := range t {
		if one.value == nil {
			out = append(out, one.literal...)
		} else {
			out = append(out, one.value(p, v)...)
		}
	}
	return string(out)
}

func printable(s string) string {
	if plain(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, s)
}

func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f {
			return false
		}
	}
	return true
}
