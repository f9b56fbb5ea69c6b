package spf

import (
	"flag"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"strictmx/internal/mail"
)

var update = flag.Bool("update", false, "rewrite the list of disagreements; reasons are kept, new lines get a question mark")

const listFile = "testdata/disagreements.txt"

// A line of the list says how another implementation differs from this one in a
// class of samples.
type line struct {
	peer, class string
	pairs       string // OURS/THEIRS as [fold] writes them, sorted, with commas between
	reason      string
}

func (l line) key() string { return l.peer + " | " + l.class }

// readList reads lines of PEER | CLASS | OURS/THEIRS,... | REASON.
func readList(t *testing.T) (header string, lines map[string]line) {
	t.Helper()
	text, err := os.ReadFile(listFile)
	if err != nil {
		t.Fatal(err)
	}
	lines = map[string]line{}
	for s := range strings.Lines(string(text)) {
		if strings.HasPrefix(s, "#") {
			header += s
			continue
		}
		f := strings.SplitN(strings.TrimSpace(s), " | ", 4)
		if len(f) == 1 && f[0] == "" {
			continue
		}
		if len(f) != 4 {
			t.Fatalf("%s: %q: want PEER | CLASS | OURS/THEIRS | REASON", listFile, s)
		}
		l := line{f[0], f[1], f[2], f[3]}
		if _, ok := lines[l.key()]; ok {
			t.Fatalf("%s: %q is there twice", listFile, l.key())
		}
		lines[l.key()] = l
	}
	return header, lines
}

func writeList(t *testing.T, header string, lines map[string]line) {
	t.Helper()
	var rows []string
	for _, l := range lines {
		rows = append(rows, fmt.Sprintf("%s | %s | %s | %s\n", l.peer, l.class, l.pairs, l.reason))
	}
	slices.Sort(rows)
	if err := os.WriteFile(listFile, []byte(header+"\n"+strings.Join(rows, "")), 0o666); err != nil {
		t.Fatal(err)
	}
}

// TestSecondOpinions compares results with those of other implementations, on the
// public suite, on hand-written records and on mutated ones. Each difference must
// be on the list with the paragraph that says who is right, and each line of the
// list must still be true. With -short pyspf is left out.
func TestSecondOpinions(t *testing.T) {
	samples := slices.Concat(suiteSamples(t), handSamples(t), mutations(t))
	var ours []string
	for _, s := range samples {
		ours = append(ours, Evaluate(t.Context(), s.world, s.query).Value)
	}
	header, list := readList(t)
	next := map[string]line{}
	for key, l := range list {
		next[key] = l
	}
	peers := map[string]judge{"blitiri": blitiri}
	if !testing.Short() {
		peers["pyspf"] = pyspf
	}
	for name, judge := range peers {
		t.Run(name, func(t *testing.T) {
			compare(t, name, samples, ours, judge(t, samples), list, next)
		})
	}
	if *update {
		writeList(t, header, next)
	}
}

// compare reports what differs from the list, and puts what it found in next.
func compare(t *testing.T, name string, samples []sample, ours, theirs []string, list, next map[string]line) {
	found := map[string][]string{} // pairs by class
	example := map[string]sample{} // the first sample by class and pair
	for i, s := range samples {
		if ours[i] == theirs[i] {
			continue
		}
		pair := fold(s.class, ours[i], theirs[i])
		if !slices.Contains(found[s.class], pair) {
			found[s.class] = append(found[s.class], pair)
			example[s.class+pair] = s
		}
	}
	for class, pairs := range found {
		slices.Sort(pairs)
		l := line{name, class, strings.Join(pairs, ","), "?"}
		was, ok := list[l.key()]
		if ok {
			l.reason = was.reason
		}
		next[l.key()] = l
		if l.pairs == was.pairs && strings.Contains(l.reason, "RFC ") || *update {
			continue
		}
		for _, pair := range pairs {
			s := example[class+pair]
			got := Evaluate(t.Context(), s.world, s.query)
			t.Errorf("%s: %s on %+v\nrecord %q\nours: %s\nwant this in %s with the paragraph of an RFC that says who is right",
				l.key(), pair, s.query, s.world.texts(got.Domain), got.Reason, listFile)
		}
	}
	for key, l := range list {
		if l.peer != name || found[l.class] != nil {
			continue
		}
		delete(next, key)
		if !*update {
			t.Errorf("%s: there is no disagreement any more; take the line out of %s", key, listFile)
		}
	}
}

// fold makes a pair of results. Of mutated records it tells a verdict from an error
// and no more, unless both give a verdict.
func fold(class, ours, theirs string) string {
	verdicts := []string{mail.Pass, mail.Fail, mail.SoftFail, mail.Neutral}
	o, t := slices.Contains(verdicts, ours), slices.Contains(verdicts, theirs)
	switch {
	case !strings.HasPrefix(class, "mutated/") || o == t:
	case o:
		ours = "verdict"
	default:
		theirs = "verdict"
	}
	return ours + "/" + theirs
}

// texts are the TXT records of a name.
func (w world) texts(name string) []string {
	n := w[strings.ToLower(name)]
	if n == nil {
		return nil
	}
	var out []string
	for _, r := range n.records {
		if r.Type == "TXT" {
			out = append(out, r.Text)
		}
	}
	return out
}

func suiteSamples(t *testing.T) []sample {
	var out []sample
	for _, c := range readSuite(t) {
		out = append(out, sample{"suite/" + c.id, c.world, c.query})
	}
	// Samples of one world in a row, so that it is sent only once.
	slices.SortStableFunc(out, func(a, b sample) int {
		return strings.Compare(fmt.Sprintf("%p", a.world), fmt.Sprintf("%p", b.world))
	})
	return out
}

// pyData is the data of a record as pyspf wants it.
func pyData(r mail.Record) any {
	switch r.Type {
	case "A", "AAAA":
		return r.Addr.String()
	case "MX":
		return [2]any{r.Pref, strings.TrimSuffix(r.Text, ".")}
	case "TXT":
		return r.Text
	}
	return strings.TrimSuffix(r.Text, ".")
}

func parseAddr(s string) (netip.Addr, error) {
	ip, err := netip.ParseAddr(s)
	return ip.Unmap(), err
}
