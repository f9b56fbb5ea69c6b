package scenarios

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func fragments(texts ...string) []Fragment {
	out := make([]Fragment, len(texts))
	for i, text := range texts {
		out[i] = Fragment{Path: fmt.Sprintf("f%d", i), Text: text}
	}
	return out
}

func TestMergeMainCF(t *testing.T) {
	for _, tt := range []struct {
		what  string
		texts []string
		want  string // the file, or the error
	}{
		{"nothing", nil, ""},
		{"empty", []string{"", ""}, ""},
		{"final line end", []string{"a = 1", "b = 2"}, "a = 1\nb = 2\n"},
		{"place", []string{"a = 1\nb = 2\nc = 3\n", "b = 4\n"}, "a = 1\nb = 4\nc = 3\n"},
		{"twice in one", []string{"a = 1\na = 2\n"}, "a = 2\n"},
		{"three", []string{"a = 1", "a = 2", "a = 3"}, "a = 3\n"},
		{"continuation", []string{"a = 1,\n  2\n\tb\nc = d\n", "a ="}, "a =\nc = d\n"},
		{"verbatim", []string{"a=  x , y \t\n", "b\t=$a # no comment\n"}, "a=  x , y \t\nb\t=$a # no comment\n"},
		{"comments", []string{"# top\na = 1\n\n# of b\nb = 2\n", "# new\na = 3\n"}, "# top\na = 3\n\n# of b\nb = 2\n# new\n"},
		{"comment in a setting", []string{"a = 1\n# two\n  2\nb = 3\n", "b = 4\n"}, "a = 1\n# two\n  2\nb = 4\n"},
		{"comment after a setting", []string{"a = 1\n  # no\n\n", "a = 2"}, "a = 2\n  # no\n\n"},
		{"blank comment first", []string{"  # why\na = 1\n"}, "  # why\na = 1\n"},
		{"name on its own line", []string{"a\n = 1\n", "a = 2"}, "a = 2\n"},
		{"CR LF", []string{"a = 1\r\nb = 2\r\n"}, "a = 1\nb = 2\n"},
		{"case counts", []string{"a = 1\nA = 2\n"}, "a = 1\nA = 2\n"},
		{"service's parameter", []string{"127.0.0.1:10025_time_limit = 3600\nsmtp-ipv4_destination_rate_delay = 1s\n"}, "127.0.0.1:10025_time_limit = 3600\nsmtp-ipv4_destination_rate_delay = 1s\n"},
		{"continuation of the fragment before", []string{"a = 1\n", "  b = 2\n"}, "f1:1: f1 begins with a continuation line: want a line that starts with a name: put the whole setting here, without a blank before its name"},
		{"no equals sign", []string{"a = 1\nb 2\n", "= 3\n"}, "f0:2: \"b 2\": want name = value: write b = VALUE\nf1:1: \"= 3\": want a name before the equals sign"},
		{"NUL", []string{"a = \x00\n"}, "f0:1: a NUL byte: want text"},
	} {
		got, err := MergeMainCF(fragments(tt.texts...)...)
		if err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s: MergeMainCF(%q) = %q, want %q", tt.what, tt.texts, got, tt.want)
		}
	}
}

func TestMainCFParameters(t *testing.T) {
	f := Fragment{Path: "main.cf", Text: "# x\na = 1,\n# y\n   2  3\nb =\na=4\n", At: Position{"s.txtar", 10}}
	got, err := MainCFParameters(f)
	want := []Parameter{{"a", "1, 2  3", Position{"s.txtar", 11}}, {"b", "", Position{"s.txtar", 14}}, {"a", "4", Position{"s.txtar", 15}}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("MainCFParameters: %v (-want +got):\n%s", err, diff)
	}
}

func TestMergeMasterCF(t *testing.T) {
	const smtp, smtpd = "smtp unix - - y - - smtp\n", "smtp inet n - y - - smtpd\n"
	for _, tt := range []struct {
		what  string
		texts []string
		want  string
	}{
		{"nothing", []string{"", "\n"}, "\n"},
		{"by name and type", []string{smtp + smtpd, "smtp\tunix  -  -  y  -  -  smtp -v"}, "smtp\tunix  -  -  y  -  -  smtp -v\n" + smtpd},
		{"options on their lines", []string{smtp + "relay unix - - y - - smtp\n", "smtp unix - - n - 10 smtp\n  -o a=b\n# why\n  -o { c = d e }\n"}, "smtp unix - - n - 10 smtp\n  -o a=b\n# why\n  -o { c = d e }\nrelay unix - - y - - smtp\n"},
		{"new service", []string{smtp, "smtp-ipv4 unix - - y - - smtp -o inet_protocols=ipv4"}, smtp + "smtp-ipv4 unix - - y - - smtp -o inet_protocols=ipv4\n"},
		{"address and port", []string{"[::1]:10025 inet n - y - - smtpd\n127.0.0.1:smtp inet n - y 1? 0 smtpd\n"}, "[::1]:10025 inet n - y - - smtpd\n127.0.0.1:smtp inet n - y 1? 0 smtpd\n"},
		{"another program's options", []string{"uucp unix - n n - - pipe flags=Fqhu user=uucp argv=uux -r -n -o x $nexthop"}, "uucp unix - n n - - pipe flags=Fqhu user=uucp argv=uux -r -n -o x $nexthop\n"},
		{"option joined", []string{"smtp unix - - y - - smtp -oa=b"}, "smtp unix - - y - - smtp -oa=b\n"},
		{"columns", []string{"smtp unix - - y -\n"}, "f0:1: \"smtp unix - - y -\" has 6 columns: want at least 8: the columns are service, type, private, unprivileged, chroot, wakeup, limit, command"},
		{"blanks in an option", []string{smtpd + "smtp unix - - y - - smtp\n\n  -o inet_protocols = ipv4"}, "f0:4: -o inet_protocols: want -o name=value: without blanks around the equals sign, or in braces: -o { name = value }"},
		{"option missing", []string{"smtp unix - - y - - smtp -o"}, "f0:1: -o at the end: want -o name=value"},
		{"open brace", []string{"smtp unix - - y - - smtp -o { a = b"}, "f0:1: \"{ a = b\": want a brace that closes"},
		{"limit", []string{"smtp unix - - y x ten smtp"}, "f0:1: column 6, wakeup time: want seconds, perhaps with a question mark, or -, not \"x\"\nf0:1: column 7, process limit: want a number or -, not \"ten\""},
		{"continuation first", []string{smtp, " -o a=b"}, "f1:1: f1 begins with a continuation line: want a line that starts with a name: put the whole setting here, without a blank before its name"},
	} {
		got, err := MergeMasterCF(fragments(tt.texts...)...)
		if err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s: MergeMasterCF(%q) =\n%s\nwant\n%s", tt.what, tt.texts, got, tt.want)
		}
	}
}

// Merging is idempotent, merging with nothing changes nothing, and of each
// parameter there is one setting left, the last.
func FuzzMergeMainCF(f *testing.F) {
	f.Add("a = 1\nb = 2", "# c\na = 3\n  4\n")
	f.Add("a = 1\n# x\n  2\n", "a =\n\n")
	f.Add("a\n = 1\n", "a = \r\n")
	f.Fuzz(func(t *testing.T, one, two string) {
		merged, err := MergeMainCF(fragments(one, two)...)
		if err != nil {
			wantErrors(t, err)
			return
		}
		checkMerged(t, merged, func(fs ...Fragment) (string, error) { return MergeMainCF(fs...) })
		last := map[string]string{}
		for _, f := range fragments(one, two) {
			ps, err := MainCFParameters(f)
			if err != nil {
				t.Fatalf("MainCFParameters(%q) = %v, but it was merged", f.Text, err)
			}
			for _, p := range ps {
				last[p.Name] = p.Value
			}
		}
		got := map[string]string{}
		ps, err := MainCFParameters(Fragment{Text: merged})
		for _, p := range ps {
			if _, twice := got[p.Name]; twice {
				t.Errorf("%q sets %s twice", merged, p.Name)
			}
			got[p.Name] = p.Value
		}
		if diff := cmp.Diff(last, got); err != nil || diff != "" {
			t.Errorf("MergeMainCF(%q, %q) = %q: %v (-want +got):\n%s", one, two, merged, err, diff)
		}
	})
}

// The same for services.
func FuzzMergeMasterCF(f *testing.F) {
	f.Add("smtp unix - - y - - smtp\n", "smtp unix - - n - - smtp\n  -o a=b\n")
	f.Add("smtp inet n - y - - smtpd -o { a = b }\n# x\n", "smtp unix - - n - - smtp")
	f.Fuzz(func(t *testing.T, one, two string) {
		merged, err := MergeMasterCF(fragments(one, two)...)
		if err != nil {
			wantErrors(t, err)
			return
		}
		checkMerged(t, merged, func(fs ...Fragment) (string, error) { return MergeMasterCF(fs...) })
		var ps problems
		seen := map[string]bool{}
		for _, l := range masterCF(Fragment{Text: merged}, &ps) {
			if l.note {
				continue
			}
			if k := masterCFKey(l); seen[k] {
				t.Errorf("%q has %q twice", merged, k)
			} else {
				seen[k] = true
			}
		}
		for _, f := range fragments(one, two) {
			for _, l := range masterCF(f, &ps) {
				if !l.note && !seen[masterCFKey(l)] {
					t.Errorf("MergeMasterCF(%q, %q) = %q lacks %q", one, two, merged, l.text)
				}
			}
		}
	})
}

func checkMerged(t *testing.T, merged string, merge func(...Fragment) (string, error)) {
	t.Helper()
	if merged != "" && !strings.HasSuffix(merged, "\n") {
		t.Errorf("%q has no final line end", merged)
	}
	for _, fs := range [][]Fragment{fragments(merged), fragments(merged, ""), fragments("", merged), fragments(merged, merged)} {
		// Merged with itself, comments come twice; settings do not.
		again, err := merge(fs...)
		if again, _ = strings.CutPrefix(again, merged); err != nil || strings.Trim(stripNotes(again), "\n") != "" {
			t.Errorf("merging %q again gave more: %q, %v", merged, again, err)
		}
	}
	if again, err := merge(fragments(merged)...); again != merged || err != nil {
		t.Errorf("merging %q alone gave %q, %v", merged, again, err)
	}
}

func stripNotes(s string) string {
	var b strings.Builder
	for l := range strings.Lines(s) {
		if word := trim(l); word != "" && word[0] != '#' {
			b.WriteString(l)
		}
	}
	return b.String()
}

// wantErrors wants every error of a join to say where it is.
func wantErrors(t *testing.T, err error) {
	t.Helper()
	list, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("%v is no list of errors", err)
	}
	for _, err := range list.Unwrap() {
		if e, ok := err.(*Error); !ok || e.File == "" || e.Msg == "" {
			t.Errorf("error %#v has no place or says nothing", err)
		}
	}
}
