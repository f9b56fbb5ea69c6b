package spf

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"strictmx/internal/mail"
)

// A world is a small DNS in memory, by lower-case name without final dot.
type world map[string]*node

// A node holds the records of a name, TXT as one string.
type node struct {
	records []mail.Record
	fail    map[string]bool // types whose lookup times out; "" is all types without a record
}

// newWorld reads lines of NAME TYPE DATA. DATA of TXT may be quoted as in Go. The
// type FAIL with a type's mnemonic makes that lookup time out.
func newWorld(t testing.TB, text string) world {
	t.Helper()
	w := world{}
	for line := range strings.Lines(text) {
		name, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name == "" {
			continue
		}
		typ, data, _ := strings.Cut(strings.TrimSpace(rest), " ")
		data = strings.TrimSpace(data)
		if typ == "TXT" && strings.HasPrefix(data, `"`) {
			var err error
			if data, err = strconv.Unquote(data); err != nil {
				t.Fatalf("world: %s: %v", line, err)
			}
		}
		if err := w.add(name, typ, data); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func (w world) node(name string) *node {
	key := strings.ToLower(strings.TrimSuffix(name, "."))
	if w[key] == nil {
		w[key] = &node{fail: map[string]bool{}}
	}
	return w[key]
}

// add puts in one record; MX data is PREF HOST.
func (w world) add(name, typ, data string) error {
	r := mail.Record{Name: strings.ToLower(name) + ".", Type: typ, TTL: 300}
	var err error
	switch typ {
	case "FAIL":
		w.node(name).fail[data] = true
		return nil
	case "A", "AAAA":
		r.Addr, err = netip.ParseAddr(data)
	case "MX":
		pref, host, _ := strings.Cut(data, " ")
		var n uint64
		n, err = strconv.ParseUint(pref, 10, 16)
		r.Pref, r.Text = uint16(n), strings.TrimSuffix(host, ".")+"."
	case "PTR", "CNAME":
		r.Text = strings.TrimSuffix(data, ".") + "."
	case "TXT":
		r.Text = data
	default:
		err = fmt.Errorf("type %q is not known here", typ)
	}
	if err != nil {
		return fmt.Errorf("world: %s %s %s: %w", name, typ, data, err)
	}
	n := w.node(name)
	n.records = append(n.records, r)
	return nil
}

// Resolve gives what fakedns would give. It takes names in presentation form.
func (w world) Resolve(ctx context.Context, name, typ string) (mail.Answer, error) {
	if err := ctx.Err(); err != nil {
		return mail.Answer{}, err
	}
	key := strings.ToLower(strings.TrimSuffix(strings.ReplaceAll(name, `\\`, `\`), "."))
	for range 10 {
		n := w[key]
		if n == nil {
			return mail.Answer{RCode: w.negative(key)}, nil
		}
		ans := mail.Answer{RCode: mail.NoError}
		cname := ""
		for _, r := range n.records {
			switch r.Type {
			case typ:
				ans.Records = append(ans.Records, r)
			case "CNAME":
				cname = r.Text
			}
		}
		if n.fail[typ] || n.fail[""] && len(ans.Records) == 0 {
			return mail.Answer{}, &mail.LookupError{Name: name, Type: typ, RCode: "TIMEOUT"}
		}
		if cname == "" {
			return ans, nil
		}
		key = strings.ToLower(strings.TrimSuffix(cname, "."))
	}
	return mail.Answer{}, &mail.LookupError{Name: name, Type: typ, RCode: "SERVFAIL", Detail: "cname loop"}
}

// negative tells an empty non-terminal from a name that does not exist.
func (w world) negative(key string) string {
	for name := range w {
		if strings.HasSuffix(name, "."+key) {
			return mail.NoError
		}
	}
	return mail.NXDomain
}
