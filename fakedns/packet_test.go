package fakedns

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"strictmx/internal/mail"
)

// raw packs a query and changes it.
func raw(t testing.TB, m *dns.Msg, change func([]byte) []byte) []byte {
	t.Helper()
	p, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return change(p)
}

func TestReactToOddPackets(t *testing.T) {
	z := load(t, internet)
	plain := func() *dns.Msg { return message("Mail.example.com.", dns.TypeA) }
	edns := func(change func(*dns.OPT)) *dns.Msg {
		m := plain()
		m.SetEdns0(1232, false)
		change(m.IsEdns0())
		return m
	}
	same := func(p []byte) []byte { return p }
	count := func(at int, n uint16) func([]byte) []byte {
		return func(p []byte) []byte {
			binary.BigEndian.PutUint16(p[at:], n)
			return p
		}
	}
	two := plain()
	two.Question = append(two.Question, two.Question[0])
	chaos := plain()
	chaos.Question[0].Qclass = dns.ClassCHAOS
	anyClass := plain()
	anyClass.Question[0].Qclass = dns.ClassANY
	twoOPT := edns(func(*dns.OPT) {})
	twoOPT.Extra = append(twoOPT.Extra, twoOPT.Extra[0])
	for _, tt := range []struct {
		what   string
		packet []byte
		want   string // rcode; empty is silence without a log entry
	}{
		{"nothing", nil, ""},
		{"half a header", make([]byte, 11), ""},
		{"a response", raw(t, plain(), func(p []byte) []byte { p[2] |= 0x80; return p }), ""},
		{"plain", raw(t, plain(), same), "NOERROR"},
		{"trailing octets", raw(t, plain(), func(p []byte) []byte { return append(p, 1, 2, 3) }), "NOERROR"},
		{"header only", raw(t, plain(), func(p []byte) []byte { return p[:12] }), "FORMERR"},
		{"no question", raw(t, plain(), func(p []byte) []byte { return count(4, 0)(p)[:12] }), "FORMERR"},
		{"two questions", raw(t, two, same), "FORMERR"},
		{"one question, two promised", raw(t, plain(), count(4, 2)), "FORMERR"},
		{"65535 questions promised", raw(t, plain(), count(4, 65535)), "FORMERR"},
		{"a record promised", raw(t, plain(), count(10, 1)), "FORMERR"},
		{"name cut off", raw(t, plain(), func(p []byte) []byte { return p[:15] }), "FORMERR"},
		{"type cut off", raw(t, plain(), func(p []byte) []byte { return p[:len(p)-3] }), "FORMERR"},
		{"pointer to itself", raw(t, plain(), func(p []byte) []byte { return append(p[:12], 0xc0, 12, 0, 1, 0, 1) }), "FORMERR"},
		{"reserved label type", raw(t, plain(), func(p []byte) []byte { p[12] = 0x80; return p }), "FORMERR"},
		{"opcode STATUS", raw(t, plain(), func(p []byte) []byte { p[2] |= 2 << 3; return p }), "NOTIMP"},
		{"opcode 15", raw(t, plain(), func(p []byte) []byte { p[2] |= 15 << 3; return p }), "NOTIMP"},
		{"opcode 6, no question", raw(t, plain(), func(p []byte) []byte { p[2] |= 6 << 3; return p[:12] }), "NOTIMP"},
		{"class CH", raw(t, chaos, same), "REFUSED"},
		{"class ANY", raw(t, anyClass, same), "REFUSED"},
		{"EDNS", raw(t, edns(func(*dns.OPT) {}), same), "NOERROR"},
		{"EDNS version 1", raw(t, edns(func(o *dns.OPT) { o.SetVersion(1) }), same), "BADVERS"},
		{"EDNS unknown option", raw(t, edns(func(o *dns.OPT) {
			o.Option = append(o.Option, &dns.EDNS0_LOCAL{Code: 65001, Data: []byte{1}})
		}), same), "NOERROR"},
		{"EDNS owner not root", raw(t, edns(func(o *dns.OPT) { o.Hdr.Name = "example.com." }), same), "FORMERR"},
		{"EDNS twice", raw(t, twoOPT, same), "FORMERR"},
		{"EDNS and opcode NOTIFY", raw(t, edns(func(*dns.OPT) {}), func(p []byte) []byte { p[2] |= 4 << 3; return p }), "NOTIMP"},
		{"EDNS and no question", raw(t, edns(func(*dns.OPT) {}), func(p []byte) []byte {
			return append(count(4, 0)(p)[:12], p[len(p)-11:]...)
		}), "FORMERR"},
	} {
		r := z.world().react(tt.packet, false, false)
		if tt.want == "" {
			if r.query || r.reply != nil {
				t.Errorf("%s: react = %+v, want silence", tt.what, r)
			}
			continue
		}
		in := new(dns.Msg)
		if err := in.Unpack(r.reply); err != nil {
			t.Errorf("%s: reply %x: %v", tt.what, r.reply, err)
			continue
		}
		if !r.query || r.question.RCode != tt.want || rcodeText(in.Rcode) != tt.want || in.Id != 0x1234 || !in.Response {
			t.Errorf("%s: log %+v, reply %s id %#x response %v; want %s, 0x1234, true",
				tt.what, r.question, rcodeText(in.Rcode), in.Id, in.Response, tt.want)
		}
		// RFC 6891 section 6.1.1: whoever sends an OPT record gets one.
		if opt := in.IsEdns0() != nil; opt != strings.HasPrefix(tt.what, "EDNS") {
			t.Errorf("%s: OPT in the reply: %v, want as in the query", tt.what, opt)
		}
		if in.Opcode != int(tt.packet[2]>>3&0xf) {
			t.Errorf("%s: opcode %d, want that of the query", tt.what, in.Opcode)
		}
	}
}

// What does not fit is asked for again over TCP.
func TestTruncation(t *testing.T) {
	text := func(n int) string { return strings.Repeat(fmt.Sprintf("\"%s\" ", strings.Repeat("x", 99)), n) }
	z := load(t, "-- example.com.zone --\n"+
		"t400 TXT "+text(4)+"\nt500 TXT "+text(5)+"\nt1100 TXT "+text(11)+"\nt1300 TXT "+text(13)+"\n"+
		"huge TXT "+text(640)+"\nhuge TXT "+text(639)+"\n")
	for _, tt := range []struct {
		name string
		edns uint16 // payload size; 0 is no OPT
		tcp  bool
		want string
	}{
		{"t400", 0, false, "NOERROR"},
		{"t500", 0, false, "tc"},
		{"t500", 0, true, "NOERROR"},
		{"t500", 100, false, "tc"}, // counts as 512
		{"t500", 1232, false, "NOERROR"},
		{"t1100", 1232, false, "NOERROR"},
		{"t1100", 600, false, "tc"},
		{"t1300", 4096, false, "tc"}, // more than the server sends
		{"t1300", 0, true, "NOERROR"},
		{"huge", 1232, false, "tc"},
		{"huge", 0, true, "SERVFAIL"}, // two records of 64000 octets fit in no message
	} {
		m := message(tt.name+".example.com.", dns.TypeTXT)
		if tt.edns > 0 {
			m.SetEdns0(tt.edns, false)
		}
		in := react(t, z, m, tt.tcp, false)
		got := rcodeText(in.Rcode)
		if in.Truncated {
			got = "tc"
			if in.Rcode != dns.RcodeSuccess || len(in.Answer)+len(in.Ns) > 0 || (in.IsEdns0() != nil) != (tt.edns > 0) {
				t.Errorf("%s: truncated reply is not empty: %v", tt.name, in)
			}
		}
		if got != tt.want {
			t.Errorf("%s EDNS %d TCP %v = %s, want %s", tt.name, tt.edns, tt.tcp, got, tt.want)
		}
	}
}

func TestLoggedQuestion(t *testing.T) {
	z := load(t, internet)
	var r recorder
	res := z.Resolver("gmail", r.log)
	_, err := res.Resolve(t.Context(), "MAIL.example.com", "type65280")
	want := mail.Question{Asker: "gmail", Name: "MAIL.example.com.", Type: "TYPE65280", RCode: "NOERROR"}
	if qs := r.questions(); err != nil || len(qs) != 1 || qs[0] != want {
		t.Errorf("log = %+v (%v), want %+v", qs, err, want)
	}
}

// Every reply parses, carries ID and question of the query, fits the limit, and
// is logged once with the code it has.
func FuzzReact(f *testing.F) {
	z := load(f, internet+"-- faults.yaml --\n"+
		"- {name: mail.example.com, type: AAAA, fault: servfail}\n"+
		"- {name: ns.example.com, fault: truncate}\n"+
		"- {name: '*.w.example.com', fault: timeout}\n")
	for _, name := range []string{"Mail.example.com.", "x.old.example.com.", "l1.example.com.", "ns.example.com.", "x.w.example.com."} {
		m := message(name, dns.TypeA)
		f.Add(raw(f, m, func(p []byte) []byte { return p }), false, false)
		m.SetEdns0(1232, true)
		m.RecursionDesired = true
		f.Add(raw(f, m, func(p []byte) []byte { return p }), true, true)
	}
	f.Fuzz(func(t *testing.T, packet []byte, tcp, recursion bool) {
		if len(packet) > maxTCP {
			return
		}
		r := z.world().react(packet, tcp, recursion)
		if isQuery := len(packet) >= headerSize && packet[2]&0x80 == 0; r.query != isQuery {
			t.Fatalf("query = %v, want %v", r.query, isQuery)
		}
		if r.reply == nil {
			if r.query && r.question.RCode != timeout {
				t.Errorf("silence is logged as %s", r.question.RCode)
			}
			return
		}
		in, asked := new(dns.Msg), new(dns.Msg)
		if err := in.Unpack(r.reply); err != nil {
			t.Fatalf("reply %x: %v", r.reply, err)
		}
		if in.Id != binary.BigEndian.Uint16(packet) || !in.Response || in.Truncated && tcp {
			t.Errorf("reply has id %#x, response %v, truncated %v", in.Id, in.Response, in.Truncated)
		}
		if rcodeText(in.Rcode) != r.question.RCode {
			t.Errorf("reply %s is logged as %s", rcodeText(in.Rcode), r.question.RCode)
		}
		size := minUDP
		if err := asked.Unpack(packet); err == nil {
			for _, rr := range asked.Extra {
				if o, ok := rr.(*dns.OPT); ok {
					size = max(size, int(o.UDPSize()))
				}
			}
			if in.Rcode != dns.RcodeFormatError && in.Rcode != dns.RcodeNotImplemented &&
				(len(in.Question) != 1 || in.Question[0] != asked.Question[0]) {
				t.Errorf("reply is about %v, want %v", in.Question, asked.Question)
			}
		}
		if !tcp && len(r.reply) > size {
			t.Errorf("reply of %d octets, want at most %d", len(r.reply), size)
		}
	})
}
