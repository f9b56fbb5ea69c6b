package fakedns

import (
	"encoding/binary"
	"strconv"
	"time"

	"github.com/miekg/dns"

	"strictmx/internal/mail"
)

// Sizes in octets. Above maxUDP an IPv6 packet may need fragments (RFC 9715).
const (
	headerSize = 12
	minUDP     = 512  // RFC 1035 section 2.3.4
	maxUDP     = 1232 // what replies over UDP hold at most
	maxTCP     = 65535
	maxWhy     = 200 // fits beside the longest question
)

// A reaction is what the server does about one packet.
type reaction struct {
	query    bool // it was one, and goes in the log
	question mail.Question
	reply    []byte // nil is silence
	delay    time.Duration
}

// react decides about a packet. It waits for nothing and writes nothing.
func (w *world) react(packet []byte, tcp, recursion bool) reaction {
	if len(packet) < headerSize || packet[2]&0x80 != 0 {
		return reaction{} // not a query; answering a response could go on for ever
	}
	var in dns.Msg
	err := in.Unpack(packet)
	out := &dns.Msg{MsgHdr: dns.MsgHdr{
		Id: binary.BigEndian.Uint16(packet), Response: true, Opcode: int(packet[2] >> 3 & 0xf),
		RecursionDesired: packet[2]&1 != 0, CheckingDisabled: packet[3]&0x10 != 0, RecursionAvailable: recursion,
	}, Compress: true}
	if len(in.Question) == 1 && counts(packet)[0] == 1 {
		out.Question = in.Question
	}
	var res result
	opt, rcode := vet(packet, &in, err)
	do := opt != nil && opt.Do()
	if rcode == dns.RcodeSuccess {
		q := in.Question[0]
		res = w.answer(query{q.Name, q.Qtype, recursion && in.RecursionDesired, do})
		rcode = res.rcode
	}
	out.Rcode = rcode
	out.Authoritative = res.aa
	out.Answer, out.Ns, out.Extra = res.answer, res.authority, res.additional
	out.AuthenticatedData = res.secure && (do || in.AuthenticatedData) // RFC 6840 section 5.7
	if opt != nil {
		out.Extra = append(out.Extra[:len(out.Extra):len(out.Extra)], reply(opt, res))
	}
	r := reaction{query: true, question: logged(out), delay: res.delay}
	if !res.silent {
		r.reply = pack(out, res.truncated && !tcp, limit(opt, tcp))
		r.question.RCode = rcodeText(out.Rcode)
		if res.wrongID && len(r.reply) > 0 {
			r.reply[0] ^= 0xff
		}
	}
	return r
}

// counts are the four of the header: questions, answers, authority, additional.
func counts(packet []byte) (n [4]int) {
	for i := range n {
		n[i] = int(binary.BigEndian.Uint16(packet[4+2*i:]))
	}
	return n
}

// vet finds what keeps a query from being answered, and its OPT record, which
// any reply to it echoes, an error too (RFC 6891 section 6.1.1).
func vet(packet []byte, in *dns.Msg, err error) (*dns.OPT, int) {
	opt, one := findOPT(in)
	if packet[2]>>3&0xf != dns.OpcodeQuery {
		return opt, dns.RcodeNotImplemented
	}
	// What the header promises must be there; the parser stops quietly at the end.
	want := [4]int{len(in.Question), len(in.Answer), len(in.Ns), len(in.Extra)}
	if err != nil || counts(packet) != want || len(in.Question) != 1 || !one {
		return opt, dns.RcodeFormatError
	}
	if opt != nil && opt.Version() != 0 {
		return opt, dns.RcodeBadVers
	}
	q := in.Question[0]
	switch {
	case q.Qclass != dns.ClassINET:
		return opt, dns.RcodeRefused
	case q.Qtype == dns.TypeAXFR || q.Qtype == dns.TypeIXFR:
		return opt, dns.RcodeRefused
	case q.Qtype == dns.TypeMAILA || q.Qtype == dns.TypeMAILB:
		return opt, dns.RcodeNotImplemented
	case q.Qtype != dns.TypeANY && metaType(q.Qtype):
		return opt, dns.RcodeFormatError
	}
	return opt, dns.RcodeSuccess
}

// findOPT gives the first OPT record of a query, nil if it has none, and tells
// whether there is at most one and the root owns it.
func findOPT(in *dns.Msg) (opt *dns.OPT, ok bool) {
	ok = true
	for _, rr := range in.Extra {
		o, isOPT := rr.(*dns.OPT)
		if !isOPT {
			continue
		}
		ok = ok && opt == nil && o.Hdr.Name == "."
		if opt == nil {
			opt = o
		}
	}
	return opt, ok
}

// reply makes the OPT record of a reply (RFC 6891 section 6.1.1, RFC 3225 section
// 3 for the DO bit).
func reply(opt *dns.OPT, res result) *dns.OPT {
	o := &dns.OPT{Hdr: dns.RR_Header{Name: ".", Rrtype: dns.TypeOPT}}
	o.SetUDPSize(maxUDP)
	if opt.Do() {
		o.SetDo()
	}
	if res.why != "" {
		code := dns.ExtendedErrorCodeOther
		if res.unreached {
			code = dns.ExtendedErrorCodeNoReachableAuthority
		}
		o.Option = append(o.Option, &dns.EDNS0_EDE{InfoCode: code, ExtraText: res.why[:min(len(res.why), maxWhy)]})
	}
	return o
}

// limit is how many octets a reply may have.
func limit(opt *dns.OPT, tcp bool) int {
	switch {
	case tcp:
		return maxTCP
	case opt == nil:
		return minUDP
	}
	return min(max(int(opt.UDPSize()), minUDP), maxUDP) // RFC 6891 section 6.2.3
}

// pack makes the packet. What does not fit becomes an empty reply with TC; over
// TCP, where there is nothing to retry, SERVFAIL.
func pack(out *dns.Msg, truncate bool, size int) []byte {
	if !truncate {
		if b, err := out.Pack(); err == nil && len(b) <= size {
			return b
		} else if err != nil || size == maxTCP {
			out.Rcode = dns.RcodeServerFailure
		} else {
			truncate = true
		}
	}
	out.Truncated = truncate
	var opt []dns.RR
	if o := out.IsEdns0(); o != nil {
		opt = []dns.RR{o}
	}
	out.Answer, out.Ns, out.Extra = nil, nil, opt
	b, err := out.Pack()
	if err != nil {
		return nil
	}
	return b
}

func logged(out *dns.Msg) mail.Question {
	q := mail.Question{RCode: timeout}
	if len(out.Question) == 1 {
		q.Name, q.Type = out.Question[0].Name, dns.Type(out.Question[0].Qtype).String()
	}
	return q
}

// timeout is the RCode of a question that got no reply.
const timeout = "TIMEOUT"

func rcodeText(rcode int) string {
	if rcode == dns.RcodeBadVers {
		return "BADVERS"
	}
	if s, ok := dns.RcodeToString[rcode]; ok {
		return s
	}
	return "RCODE" + strconv.Itoa(rcode)
}
