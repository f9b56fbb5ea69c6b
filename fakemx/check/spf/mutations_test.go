package spf

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// A mutation makes one kind of fault, or of harmless change, in a record that is
// right. It is given the words behind the version.
type mutation struct {
	class  string
	change func(r *rand.Rand, words []string) []string
}

// insert puts one of the words at a random place.
func insert(choices ...string) func(*rand.Rand, []string) []string {
	return func(r *rand.Rand, words []string) []string {
		i := r.IntN(len(words) + 1)
		out := append([]string(nil), words[:i]...)
		out = append(out, pick(r, choices))
		return append(out, words[i:]...)
	}
}

// appendWord puts one of the words at the end, where a match comes before it.
func appendWord(choices ...string) func(*rand.Rand, []string) []string {
	return func(r *rand.Rand, words []string) []string { return append(words, pick(r, choices)) }
}

// edit changes the text of the words.
func edit(f func(r *rand.Rand, s string) string) func(*rand.Rand, []string) []string {
	return func(r *rand.Rand, words []string) []string {
		return strings.Split(f(r, strings.Join(words, " ")), " ")
	}
}

func pick(r *rand.Rand, choices []string) string { return choices[r.IntN(len(choices))] }

var mutationKinds = []mutation{
	{"right", func(_ *rand.Rand, w []string) []string { return w }},
	{"letter case", edit(func(r *rand.Rand, s string) string {
		return strings.Map(func(c rune) rune {
			if r.IntN(2) == 0 {
				return []rune(strings.ToUpper(string(c)))[0]
			}
			return c
		}, s)
	})},
	{"more blanks", insert("", " ", "  ")},
	{"unknown modifier", insert("foo=bar", "foo=", "x.y-z_1=%{d2}")},
	{"unknown modifier twice", insert("foo=a foo=b", "foo=a foo=a")},
	{"unknown modifier with a bad macro", insert("foo=%abc", "foo=%", "foo=%{d", "foo=%{d0}")},
	{"unknown modifier with an exp-only macro", insert("foo=%{c}", "foo=%{t}", "foo=%{r}")},
	{"unknown mechanism", insert("moo", "ipv4:203.0.113.1", "redirect:pass.example.net", "203.0.113.1", "all.", "?default")},
	{"error behind a match", appendWord("all moo", "all a:", "all ip4:1.2.3", "all exp=", "all a/33")},
	{"unknown qualifier", insert("=all", "!all", "*a", "+-a", "--all")},
	{"qualified modifier", insert("+exp=why.example.com", "-redirect=pass.example.net", "?foo=bar")},
	{"empty domain", insert("a:", "mx:", "include:", "exists:", "ptr:", "a:/24")},
	{"no domain", insert("include", "exists", "ip4", "ip6")},
	{"empty modifier", insert("exp=", "redirect=")},
	{"modifier twice", insert("exp=why.example.com exp=why.example.com", "redirect=pass.example.net redirect=pass.example.net")},
	{"argument of all", insert("all:x", "all:example.com", "-all/24")},
	{"prefix length with a leading zero", insert("a/08", "mx//064", "ip4:198.51.100.0/024", "ip6:2001:db8:1::/048", "a/00")},
	{"prefix length too long", insert("a/33", "mx//129", "ip4:198.51.100.0/33", "ip6:2001:db8:1::/129", "a/999999999999")},
	{"empty prefix length", insert("a/", "mx//", "ip4:198.51.100.0/", "a:h1.example.com/", "a/24//")},
	{"prefix length out of place", insert("ptr/24", "include:fail.example.net/24", "exists:h1.example.com/24", "ip4:198.51.100.0//24", "a//64/24", "a/24/24")},
	{"prefix length no number", insert("a/x", "a/+24", "ip4:198.51.100.0/-1", "ip6:2001:db8:1::/0x20")},
	{"bad ip4", insert("ip4:198.51.100", "ip4:198.51.100.01", "ip4:198.51.100.1:25", "ip4:198.51.100.256", "ip4:2001:db8:1::1", "ip4:h1.example.com")},
	{"bad ip6", insert("ip6:2001:db8:1:::1", "ip6:2001:db8:12345::", "ip6:198.51.100.1", "ip6:fe80::1%eth0", "ip6:1:2:3:4:5:6:7", "ip6:[2001:db8:1::1]")},
	{"bad top label", insert("a:h1.123", "a:198.51.100.1", "a:h1.-com", "mx:h1.com-", "exists:h1.c_m", "include:fail.example.net,", "a:h1.example.com:25")},
	{"one label", insert("a:localhost", "mx:museum.", "include:localhost", "exists:x")},
	{"bad percent", insert("a:%h1.example.com", "exists:100%.example.com", "a:h1.example.com%", "a:%(d).example.com")},
	{"open macro", insert("a:%{d", "exists:%{d.example.com", "a:%{")},
	{"unknown macro letter", insert("a:%{a}.example.com", "exists:%{x}.example.com", "a:%{1}.example.com", "a:%{}.example.com")},
	{"exp-only macro", insert("exists:%{c}.example.com", "a:%{t}.example.com", "include:%{r}.example.com", "exp=%{r}.example.com")},
	{"macro of zero parts", insert("exists:%{d0}.example.com", "a:%{l00}.example.com")},
	{"bad macro transformer", insert("exists:%{dr2}.example.com", "a:%{d*}.example.com", "a:%{drr}.example.com", "a:%{d-2}.example.com", "a:%{d:}.example.com")},
	{"macro", insert("exists:%{ir}.%{v}.none.example.net", "a:%{d2}", "exists:%{l-}.%{o}.none.example.net", "exists:%{S}.none.example.net", "a:%{h}", "exists:%{dr}.%{s1-}.none.example.net")},
	{"control character", edit(func(r *rand.Rand, s string) string {
		return splice(r, s, pick(r, []string{"\t", "\r", "\x00", "\x7f", "\n"}))
	})},
	{"not ASCII", edit(func(r *rand.Rand, s string) string { return splice(r, s, pick(r, []string{"é", "\u200b", "\u00a0"})) })},
	{"include nothing", insert("include:none.example.net", "include:gone.example.net")},
	{"include an error", insert("include:bad.example.net", "include:two.example.net")},
	{"include a loop", insert("include:loop.example.net", "include:example.com", "include:round.example.net")},
	{"timeout", insert("a:slow.example.com", "include:slow.example.net", "exists:slow.example.com", "mx:slowmx.example.com")},
	{"void lookups", insert("a:gone1.example.com mx:gone2.example.com", "exists:gone1.example.com a:gone2.example.com exists:gone3.example.com", "mx:voidmx.example.com")},
	{"many lookups", insert("a:h1.example.com a:h2.example.com a:h3.example.com a:h4.example.com a:h5.example.com a:h6.example.com a:h7.example.com a:h8.example.com")},
	{"many exchangers", insert("mx:manymx.example.com", "mx:tenmx.example.com")},
	{"ptr", insert("ptr", "ptr:example.com", "-ptr:example.net")},
	{"name that cannot be asked for", insert("a:a..example.com", "exists:.example.com", "mx:"+strings.Repeat("x", 64)+".example.com")},
	{"octet dropped", edit(func(r *rand.Rand, s string) string { i := r.IntN(len(s)); return s[:i] + s[i+1:] })},
	{"octet doubled", edit(func(r *rand.Rand, s string) string { i := r.IntN(len(s)); return s[:i] + s[i:i+1] + s[i:] })},
	{"octet inserted", edit(func(r *rand.Rand, s string) string {
		return splice(r, s, pick(r, strings.Split(`:/=%.-+~?_,;"'{}@\0a`, "")))
	})},
}

func splice(r *rand.Rand, s, in string) string {
	i := r.IntN(len(s) + 1)
	return s[:i] + in + s[i:]
}

// rightWords are terms of records that have nothing wrong, and no name that is
// missing for one family only.
var rightWords = []string{
	"a", "mx", "a:mail.example.com", "a/24", "mx//64", "mx:example.com/28//96", "a:www.example.com",
	"ip4:203.0.113.0/28", "ip4:198.51.100.7", "ip6:2001:db8::/120", "ip6:2001:db8:1::1",
	"include:fail.example.net", "include:mail.example.net", "-include:pass.example.net", "~include:chain.example.net",
	"exists:h1.example.com", "?a:mail.example.com", "-ip4:203.0.113.26", "exp=why.example.com",
}

// mutations gives records made by each kind of change, the same ones every time.
func mutations(t *testing.T) []sample {
	const perKind = 40
	clients := []string{"203.0.113.25", "203.0.113.200", "198.51.100.200", "2001:db8::25", "2001:db8:ffff::1"}
	w := newWorld(t, handWorld)
	r := rand.New(rand.NewPCG(7208, 2014))
	var out []sample
	for _, m := range mutationKinds {
		for i := range perKind {
			var words []string
			for range 1 + r.IntN(4) {
				if word := pick(r, rightWords); !strings.HasPrefix(word, "exp=") || !strings.Contains(strings.Join(words, " "), "exp=") {
					words = append(words, word)
				}
			}
			words = append(words, pick(r, []string{"-all", "~all", "?all", "redirect=mail.example.net"}))
			record := "v=spf1 " + strings.Join(m.change(r, words), " ")
			out = append(out, sample{"mutated/" + m.class, w.with(t, record), handQuery(clients[i%len(clients)])})
		}
	}
	return out
}
