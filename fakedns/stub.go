package fakedns

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"time"

	"github.com/miekg/dns"

	"strictmx/internal/mail"
)

const (
	defaultTimeout = 2 * time.Second // of one try
	defaultTries   = 2
)

// A stub asks one server and reads the replies, by whatever way exchange sends a
// packet. It is what Client and Resolver share, so that both find the same.
type stub struct {
	tries int
	// exchange sends a query and returns the reply that accept takes. An error is
	// that of one try, and detail of a timeout.
	exchange func(ctx context.Context, query []byte, tcp bool, accept func([]byte) bool) ([]byte, error)
}

func (s stub) resolve(ctx context.Context, name, typ string) (mail.Answer, error) {
	fail := func(rcode, detail string) (mail.Answer, error) {
		return mail.Answer{}, &mail.LookupError{Name: name, Type: typ, RCode: rcode, Detail: detail}
	}
	qtype, ok := parseType(typ)
	if !ok {
		return fail("FORMERR", "want a type such as TXT")
	}
	qname, err := fqdn(name)
	if err != nil {
		return fail("FORMERR", err.Error())
	}
	detail := ""
	for tcp, try := false, 0; try < max(s.tries, 1); try++ {
		in, err := s.ask(ctx, qname, qtype, tcp)
		if err == nil && in.Truncated && !tcp {
			tcp = true // RFC 7766 section 5; goes on over TCP if a later try is needed
			in, err = s.ask(ctx, qname, qtype, tcp)
		}
		if ctx.Err() != nil {
			return mail.Answer{}, context.Cause(ctx)
		}
		if err != nil {
			detail = err.Error()
			continue
		}
		switch {
		case in.Truncated:
			return fail(mail.ServFail, "reply over TCP is truncated")
		case in.Rcode != dns.RcodeSuccess && in.Rcode != dns.RcodeNameError:
			return fail(rcodeText(in.Rcode), explained(in))
		}
		a, why := extract(in, qname, qtype)
		if why != "" {
			return fail(mail.ServFail, why)
		}
		return a, nil
	}
	return fail(timeout, detail)
}

// ask makes one query and parses the reply to it.
func (s stub) ask(ctx context.Context, name string, typ uint16, tcp bool) (*dns.Msg, error) {
	out := dns.Msg{
		MsgHdr:   dns.MsgHdr{Id: uint16(rand.Uint32()), RecursionDesired: true},
		Question: []dns.Question{{Name: name, Qtype: typ, Qclass: dns.ClassINET}},
	}
	out.SetEdns0(maxUDP, false)
	query, err := out.Pack()
	if err != nil {
		return nil, err
	}
	var in *dns.Msg
	accept := func(reply []byte) bool {
		m := new(dns.Msg)
		if m.Unpack(reply) != nil || !m.Response || m.Id != out.Id || len(m.Question) > 1 {
			return false
		}
		if len(m.Question) == 1 && m.Question[0] != out.Question[0] {
			return false
		}
		in = m
		return true
	}
	if _, err := s.exchange(ctx, query, tcp, accept); err != nil {
		return nil, err
	}
	return in, nil
}

// explained returns the words of an extended error (RFC 8914).
func explained(in *dns.Msg) string {
	opt := in.IsEdns0()
	if opt == nil {
		return ""
	}
	for _, o := range opt.Option {
		if e, ok := o.(*dns.EDNS0_EDE); ok {
			return e.ExtraText
		}
	}
	return ""
}

// extract takes the records of the type at the end of the CNAME chain. why tells
// that the reply is no answer to rely on.
func extract(in *dns.Msg, name string, typ uint16) (a mail.Answer, why string) {
	a.RCode = mail.NoError
	if in.Rcode == dns.RcodeNameError {
		return mail.Answer{RCode: mail.NXDomain}, ""
	}
	at := lower(name)
	for range len(in.Answer) + 1 {
		next := ""
		for _, rr := range in.Answer {
			h := rr.Header()
			if lower(h.Name) != at {
				continue
			}
			if h.Rrtype == typ || typ == dns.TypeANY {
				a.Records = append(a.Records, toRecord(rr))
			} else if c, ok := rr.(*dns.CNAME); ok {
				next = lower(c.Target)
			}
		}
		if len(a.Records) > 0 {
			return a, ""
		}
		if next == "" {
			break
		}
		at = next
	}
	soa := false
	for _, rr := range in.Ns {
		soa = soa || rr.Header().Rrtype == dns.TypeSOA
	}
	if !soa && len(in.Ns) > 0 {
		return a, "referral to servers of " + in.Ns[0].Header().Name
	}
	return a, ""
}

// toRecord turns a record into what checks read.
func toRecord(rr dns.RR) mail.Record {
	h := rr.Header()
	r := mail.Record{Name: lower(h.Name), Type: dns.Type(h.Rrtype).String(), TTL: h.Ttl}
	switch d := rr.(type) {
	case *dns.A:
		r.Addr, _ = netip.AddrFromSlice(d.A.To4())
	case *dns.AAAA:
		r.Addr, _ = netip.AddrFromSlice(d.AAAA.To16())
	case *dns.MX:
		r.Pref, r.Text = d.Preference, d.Mx
		return r
	case *dns.PTR:
		r.Text = d.Ptr
		return r
	case *dns.NS:
		r.Text = d.Ns
		return r
	case *dns.CNAME:
		r.Text = d.Target
		return r
	case *dns.RFC3597:
		r.Text = fmt.Sprintf(`\# %d %s`, len(d.Rdata)/2, d.Rdata)
		return r
	case *dns.TXT:
		for _, s := range d.Txt {
			r.Text += unescape(s)
		}
		return r
	}
	r.Text = strings.TrimPrefix(rr.String(), h.String())
	return r
}

// unescape undoes the escapes of a character string (RFC 1035 section 5.1).
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '\\' && i+1 < len(s) {
			i++
			c = s[i]
			if i+2 < len(s) && digit(c) && digit(s[i+1]) && digit(s[i+2]) {
				c = (c-'0')*100 + (s[i+1]-'0')*10 + s[i+2] - '0'
				i += 2
			}
		}
		b = append(b, c)
	}
	return string(b)
}

var errNoReply = errors.New("no reply")
