package check

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"strictmx/internal/mail"
)

// maxListText bounds the explanation of a DNS list, in octets: that of a reply
// line (RFC 5321 section 4.5.3.1.5).
const maxListText = 512

// dnsblMethod is the method dnsbl.
var dnsblMethod = Method{
	Name: "dnsbl", Doc: "a DNS list of clients or domains (RFC 5782)",
	Settings: []Setting{
		{Name: "zone", Kind: Zone, Required: true, Example: "bl.example.org", Doc: "the zone of the list, such as zen.spamhaus.org"},
		{
			Name: "by", Default: "client", Doc: "what is looked up",
			Words: []Word{{Name: "client", Doc: "its address"}, {Name: "helo", Doc: "the name"}, {Name: "sender-domain"}},
		},
		{
			Name: "codes", Kind: IPv4, List: true, Default: "127.0.0.0/8",
			Doc: "the answers that count as listed: addresses or networks; those of 127.255.255.0/24 never do",
		},
		{
			Name: "careless", Default: "false", Words: wordsOf("true", "false"),
			Doc: "whether any answer counts as listed, as for a Postfix whose reject_rbl_client has no filter",
		},
	},
	New: newDNSBL,
}

// refusals is where lists answer those whom they do not serve. Spamhaus has
// 127.255.255.254 for a resolver that is open to the public and .255 for too many
// questions (https://www.spamhaus.org/news/article/788/, 2019-09-30), and .252 for a
// zone that is misspelled (https://www.securityzones.net/error-return-codes-for-spamhaus-public-mirrors/,
// which dates it to March 2021).
var refusals = netip.MustParsePrefix("127.255.255.0/24")

var refusalReasons = map[netip.Addr]string{
	netip.MustParseAddr("127.255.255.252"): "the name of the list is misspelled",
	netip.MustParseAddr("127.255.255.254"): "the question came by a public resolver",
	netip.MustParseAddr("127.255.255.255"): "there were too many questions",
}

// A dnsList is a list as it is set up.
type dnsList struct {
	zone, by string
	codes    []netip.Prefix
	careless bool
}

func newDNSBL(s Settings) (Check, error) {
	l := dnsList{zone: strings.ToLower(strings.TrimSuffix(s.Text("zone"), ".")), by: s.Text("by"), careless: s.Text("careless") == "true"}
	for _, c := range s["codes"] {
		p, err := addressOrNetwork(c)
		if err != nil {
			return Check{}, &SettingError{"codes", err}
		}
		l.codes = append(l.codes, p)
	}
	return Check{
		At:         map[string]mail.Stage{"client": mail.Connect, "helo": mail.Helo, "sender-domain": mail.Mail}[l.by],
		Values:     []string{mail.Pass, mail.Fail, mail.Policy, mail.TempError},
		Properties: []string{"zone", "code", "text", "query"},
		Run:        func(ctx context.Context, e Env, f Facts) mail.Result { return l.judge(ctx, e.Resolver, f) },
	}, nil
}

func addressOrNetwork(s string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(s)
	if err != nil {
		var a netip.Addr
		if a, err = netip.ParseAddr(s); err != nil {
			return netip.Prefix{}, err
		}
		p = netip.PrefixFrom(a, a.BitLen())
	}
	if !p.Addr().Is4() {
		return netip.Prefix{}, errors.New("not IPv4") // RFC 5782 section 2.1: a list answers with A records
	}
	return p, nil
}

// judge asks the list. Its values:
//
//	pass       the list has no answer, or none that counts
//	fail       it has an answer that counts: listed
//	policy     it refuses to answer this resolver (127.255.255.0/24)
//	temperror  the lookup broke
func (l dnsList) judge(ctx context.Context, r Resolver, f Facts) mail.Result {
	res := mail.Result{Value: mail.Pass, Properties: map[string]string{"zone": l.zone}}
	key, what := l.subject(f)
	res.Domain = what
	query := key + "." + l.zone
	if key == "" || !canBeAsked(query) {
		res.Reason = fmt.Sprintf("there is no %s that %s could have", l.by, l.zone)
		return res
	}
	res.Properties["query"] = query
	a, err := r.Resolve(ctx, query, "A")
	if err != nil {
		res.Steps = append(res.Steps, mail.Step{Text: fmt.Sprintf("%s A: %v", query, err)})
		res.Value, res.Reason = mail.TempError, fmt.Sprintf("the lookup of %s in %s broke: %v", what, l.zone, err)
		return res
	}
	if len(a.Records) == 0 {
		res.Steps = append(res.Steps, mail.Step{Text: fmt.Sprintf("%s A: %s, no record", query, a.RCode)})
		res.Reason = fmt.Sprintf("%s does not have %s", l.zone, what)
		return res
	}
	res.Steps = append(res.Steps, mail.Step{Text: fmt.Sprintf("%s A: %s", query, texts(a.Records))})
	l.weigh(&res, what, a.Records)
	if res.Value != mail.Pass {
		explain(ctx, r, query, &res)
	}
	return res
}

// subject is what the list is asked for, as the labels before the zone and as
// words: the address turned round (RFC 5782 sections 2.1 and 2.4), or the name
// (section 3).
func (l dnsList) subject(f Facts) (key, what string) {
	switch {
	case l.by == "helo":
		what = f.Helo
	case l.by == "sender-domain":
		_, what = cutMailbox(f.MailFrom)
	case f.Client.IsValid():
		client := f.Client.Unmap().WithZone("")
		key = strings.TrimSuffix(strings.TrimSuffix(ReverseName(client), ".in-addr.arpa."), ".ip6.arpa.")
		return key, client.String()
	}
	name := strings.TrimSuffix(asciiName(what), ".")
	if _, err := netip.ParseAddr(name); err == nil || strings.HasPrefix(name, "[") || !canBeAsked(name) {
		return "", what
	}
	return strings.ToLower(name), what
}

// weigh judges the answers. One that counts decides, then one that is a refusal. An
// answer outside 127.0.0.0/8 is no answer of a list but of somebody who has taken
// its zone over (RFC 5782 section 2.1).
func (l dnsList) weigh(res *mail.Result, what string, records []mail.Record) {
	counts := func(rr mail.Record) bool {
		return l.careless || !refusals.Contains(rr.Addr) && slices.ContainsFunc(l.codes, func(p netip.Prefix) bool {
			return p.Contains(rr.Addr)
		})
	}
	if i := slices.IndexFunc(records, counts); i >= 0 {
		res.Value, res.Properties["code"] = mail.Fail, records[i].Addr.String()
		res.Reason = fmt.Sprintf("%s has %s: %s", l.zone, what, texts(records))
		return
	}
	if i := slices.IndexFunc(records, func(rr mail.Record) bool { return refusals.Contains(rr.Addr) }); i >= 0 {
		code := records[i].Addr
		res.Value, res.Properties["code"] = mail.Policy, code.String()
		res.Reason = fmt.Sprintf("%s refuses to answer (%s)", l.zone, code)
		if why := refusalReasons[code]; why != "" {
			res.Reason = fmt.Sprintf("%s refuses to answer: %s (%s)", l.zone, why, code)
		}
		return
	}
	res.Properties["code"] = records[0].Addr.String()
	res.Reason = fmt.Sprintf("%s has %s as %s, which does not count", l.zone, what, texts(records))
}

// explain asks for the list's own words (RFC 5782 section 2.1). Without them the
// result stands.
func explain(ctx context.Context, r Resolver, query string, res *mail.Result) {
	a, err := r.Resolve(ctx, query, "TXT")
	if err != nil {
		res.Steps = append(res.Steps, mail.Step{Text: fmt.Sprintf("%s TXT: %v", query, err)})
		return
	}
	text := ""
	for _, rr := range a.Records {
		text = strings.TrimSpace(text + " " + rr.Text)
	}
	text = text[:min(len(text), maxListText)]
	res.Properties["text"] = text
	res.Steps = append(res.Steps, mail.Step{Text: query + " TXT: " + strconv.QuoteToASCII(text)})
}
