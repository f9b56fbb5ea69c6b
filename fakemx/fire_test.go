package fakemx_test

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"strictmx/fakedns"
	"strictmx/fakemx"
	"strictmx/fakemx/check"
	"strictmx/fakemx/profile"
	"strictmx/internal/catalogue"
	"strictmx/internal/mail"
)

// A firing is a small world and a message that a receiver refuses there by one rule.
// Fields that are empty are those of a sender that does all well: see wellWorld.
type firing struct {
	// rule is "gmail/ptr-missing", for all versions that have it, or
	// "gmail@2014,2015/ptr-missing".
	rule string

	// world are files of zones that take the place of those of wellWorld with the same
	// name. {domain}, {client} and {key} are the sender's.
	world   map[string]string
	domain  string // example.com: of MAIL FROM and From
	client  string // 203.0.113.10, whose name is mail.DOMAIN
	helo    string // mail.DOMAIN
	from    string // me@DOMAIN; "<>" is the null sender
	to      []string
	content string // with LF line ends, and {lf} for a bare LF; not signed
	plain   bool   // no STARTTLS
	sign    string // domain to sign for; empty does not sign
	seed    check.Seed
	limits  fakemx.Limits

	// earlier are the clients that sent the same message before, in order.
	earlier []string
	// later is how long after those the message comes, by the receiver's clock.
	later time.Duration
	// before is how many messages the client sends first over the same connection.
	before int
	// open are the connections that clients hold open meanwhile.
	open []string
	// instead are pairs of words: what the row has, and what the world makes of it.
	instead []string
	// says is the reply of a rule that is no exact row of the catalogue; empty is not
	// looked at.
	says string
	row  bool // the reply is that of the row, which was seen at another receiver
}

// key signs; its public half is in the zones.
var key = ed25519.NewKeyFromSeed([]byte("strictmx strictmx strictmx 2026."))

// wellWorld is the DNS of a sender that nobody refuses.
var wellWorld = map[string]string{
	"sender.zone": `$ORIGIN {domain}.
@                  MX   10 mail
@                  TXT  "v=spf1 ip4:203.0.113.0/24 ip6:2001:db8::/32 ip6:3fff::/20 -all"
@                  A    203.0.113.1
_dmarc             TXT  "v=DMARC1; p=none"
x._domainkey       TXT  "v=DKIM1; k=ed25519; p={key}"
mail               {type}    {client}
mail               TXT  "v=spf1 a -all"
`,
	"ptr": "{client} mail.{domain}\n",
}

const wellContent = `From: Me <me@{domain}>
To: you@example.net
Date: Tue, 24 Nov 2026 10:00:00 +0000
Message-ID: <1@{domain}>
Subject: Hello

Hello.
`

var rows = sync.OnceValues(func() (map[string]catalogue.Row, error) { return catalogue.Read("profile/testdata/replies.yaml") })

// fire runs every firing in every version that it is for, and tells which rules of
// the receivers were not fired. Scripted ones need no firing, unless another rule
// comes before them. elsewhere are rules that another test fires.
func fire(t *testing.T, receivers []string, firings []firing, elsewhere ...string) {
	t.Helper()
	fired := make(map[string]bool)
	for _, name := range elsewhere {
		fired[name] = true
	}
	for _, f := range firings {
		for _, p := range f.profiles(t) {
			name := fmt.Sprintf("%s/%s", p, f.id())
			fired[name] = true
			t.Run(name, func(t *testing.T) { f.run(t, p) })
		}
	}
	for _, p := range profile.Builtin().Profiles() {
		for _, r := range p.Rules {
			if name := fmt.Sprintf("%s/%s", p, r.ID); slices.Contains(receivers, p.Name) && !fired[name] && !r.Scripted {
				t.Errorf("nothing fires %s", name)
			}
			if name := fmt.Sprintf("%s/%s", p, r.ID); r.Scripted && slices.Contains(receivers, p.Name) && !fired[name] {
				t.Run(name, func(t *testing.T) { firing{rule: p.Name + "/" + r.ID}.run(t, p) })
			}
		}
	}
}

func (f firing) id() string { return f.rule[strings.LastIndexByte(f.rule, '/')+1:] }

// profiles are the versions that the firing is for.
func (f firing) profiles(t *testing.T) []*profile.Profile {
	t.Helper()
	base, _, _ := strings.Cut(f.rule, "/")
	name, labels, labelled := strings.Cut(base, "@")
	var out []*profile.Profile
	for _, p := range profile.Builtin().Profiles() {
		_, has := p.Rule(profile.Decision{Rule: name + "/" + f.id()})
		if p.Name == name && (!labelled && has || labelled && slices.Contains(strings.Split(labels, ","), p.Label)) {
			out = append(out, p)
		}
	}
	if len(out) == 0 {
		t.Errorf("%s: no such rule", f.rule)
	}
	return out
}

func (f firing) run(t *testing.T, p *profile.Profile) {
	rule, ok := p.Rule(profile.Decision{Rule: p.Name + "/" + f.id()})
	if !ok {
		t.Fatalf("%s has no rule %s", p, f.id())
	}
	f = f.withDefaults()
	var mu sync.Mutex
	var attempts []mail.Attempt
	now := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	srv := &fakemx.Server{
		Profile: p, Resolver: f.zones(t).Resolver(p.Name, nil), TLS: serverTLS(t, p), State: check.NewState(), Seed: f.seed, Limits: f.limits,
		Now:    func() time.Time { mu.Lock(); defer mu.Unlock(); return now },
		Record: func(a mail.Attempt) { mu.Lock(); defer mu.Unlock(); attempts = append(attempts, a) },
	}
	if rule.Scripted {
		srv.Force = []fakemx.Force{{Rule: rule.ID}}
	}
	for i, c := range f.earlier {
		f.submit(t, srv, c)
		if n := len(attempts); n != i+1 {
			t.Fatalf("message %d led to %d attempts", i+1, n)
		}
		if a := attempts[i]; a.Rule == p.Name+"/"+rule.ID {
			t.Fatalf("message %d was refused already: %q", i+1, a.Reply)
		}
	}
	for _, c := range f.open {
		hold(t, srv, c)
	}
	mu.Lock()
	attempts, now = nil, now.Add(f.later)
	mu.Unlock()
	if f.before > 0 {
		f.submitAll(t, srv, f.before+1)
	} else {
		f.submit(t, srv, f.client)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(attempts) != f.before+1 && f.before > 0 || len(attempts) == 0 {
		t.Fatalf("%d attempts, want one for each message", len(attempts))
	}
	for i, a := range attempts[:f.before] {
		if a.Rule != "" {
			t.Fatalf("message %d of the session was refused already: %q", i+1, a.Reply)
		}
	}
	f.judge(t, p, rule, attempts)
}

// judge compares the reply with the catalogue. The refused recipient is the first.
func (f firing) judge(t *testing.T, p *profile.Profile, rule profile.Rule, attempts []mail.Attempt) {
	t.Helper()
	i := slices.IndexFunc(attempts, func(a mail.Attempt) bool { return a.Rule != "" })
	a := attempts[max(i, 0)]
	if a.Rule != p.Name+"/"+rule.ID || a.Stage != rule.At {
		t.Fatalf("refused by %q at %s: %q, want %s at %s\nresults: %v", a.Rule, a.Stage, a.Reply, rule.ID, rule.At, brief(a.Results))
	}
	all, err := rows()
	if err != nil {
		t.Fatal(err)
	}
	r, ok := all[rule.Catalogue]
	if rule.Catalogue != "" && !ok {
		t.Fatalf("no row %s", rule.Catalogue)
	}
	if (rule.Exact || f.row) && r.Exact {
		r.Lines = slices.Clone(r.Lines)
		for i, l := range r.Lines {
			r.Lines[i] = strings.NewReplacer(f.instead...).Replace(l)
		}
		if diff := r.Compare(a.Reply, f.known(a, p)); diff != "" {
			t.Errorf("not row %s: %s", r.ID, diff)
		}
	}
	if got := strings.Join(a.Reply, "\n"); f.says != "" && got != f.says {
		t.Errorf("reply %q, want %q", got, f.says)
	}
	if strings.ContainsAny(strings.Join(a.Reply, ""), "{}") {
		t.Errorf("reply %q: a placeholder is left", a.Reply)
	}
}

// known are the values of placeholders that the firing decides.
func (f firing) known(a mail.Attempt, p *profile.Profile) map[string]string {
	rcpt := a.Recipients
	if len(rcpt) == 0 {
		rcpt = f.to
	}
	sender := a.From
	return map[string]string{
		"{ip}": f.client, "{ip6}": f.client, "{domain}": f.domain, "{DOMAIN}": strings.ToUpper(f.domain), "{helo}": f.helo,
		"{sender}": cmp.Or(sender, f.from), "{rcpt}": rcpt[0], "{rcpt-domain}": rcpt[0][strings.LastIndexByte(rcpt[0], '@')+1:],
		"{ptr}": "mail." + f.domain,
	}
}

func brief(results []mail.Result) string {
	var out []string
	for _, r := range results {
		out = append(out, fmt.Sprintf("%s=%s %v (%s)", r.Called(), r.Value, r.Facets, r.Reason))
	}
	return strings.Join(out, "; ")
}

func (f firing) withDefaults() firing {
	f.domain = cmp.Or(f.domain, "example.com")
	f.client = cmp.Or(f.client, "203.0.113.10")
	f.helo = cmp.Or(f.helo, "mail."+f.domain)
	f.from = cmp.Or(f.from, "me@"+f.domain)
	if f.from == "<>" {
		f.from = ""
	}
	if f.to == nil {
		f.to = []string{"you@example.net"}
	}
	f.content = strings.NewReplacer("\n", "\r\n", "{lf}", "\n").Replace(f.fill(cmp.Or(f.content, wellContent)))
	if f.sign != "" {
		f.content = signed(f.sign, f.content)
	}
	return f
}

func (f firing) fill(s string) string {
	typ := "A"
	if strings.Contains(f.client, ":") {
		typ = "AAAA"
	}
	return strings.NewReplacer("{domain}", f.domain, "{client}", f.client, "{type}", typ,
		"{key}", base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey))).Replace(s)
}

func (f firing) zones(t *testing.T) *fakedns.Zones {
	t.Helper()
	fsys := fstest.MapFS{}
	for _, files := range []map[string]string{wellWorld, f.world} {
		for name, text := range files {
			if name == "sender.zone" {
				name = f.domain + ".zone"
			}
			fsys[f.fill(name)] = &fstest.MapFile{Data: []byte(f.fill(text))}
		}
	}
	z, err := fakedns.Load(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return z.Fresh()
}

// signed adds a DKIM signature (RFC 6376, RFC 8463) over From and the body.
func signed(domain, content string) string {
	header, body, _ := strings.Cut(content, "\r\n\r\n")
	var from string
	for _, l := range strings.Split(header, "\r\n") {
		if strings.HasPrefix(l, "From:") {
			from = l
		}
	}
	hash := sha256.Sum256([]byte(body))
	field := "DKIM-Signature: v=1; a=ed25519-sha256; c=simple/simple; d=" + domain + "; s=x; h=From; bh=" +
		base64.StdEncoding.EncodeToString(hash[:]) + "; b="
	hash = sha256.Sum256([]byte(from + "\r\n" + field))
	return field + base64.StdEncoding.EncodeToString(ed25519.Sign(key, hash[:])) + "\r\n" + content
}

func serverTLS(t *testing.T, p *profile.Profile) *tls.Config {
	t.Helper()
	ca, err := authority()
	if err != nil {
		t.Fatal(err)
	}
	conf, err := ca.Config(p.Hostname())
	if err != nil {
		t.Fatal(err)
	}
	return conf
}

var authority = sync.OnceValues(fakemx.NewCA)

// submit sends the message. The receiver's record tells what became of it: a
// receiver that hangs up early is an error only for the client.
func (f firing) submit(t *testing.T, srv *fakemx.Server, client string) {
	t.Helper()
	e := fakemx.Envelope{Helo: f.helo, From: f.from, To: f.to, Content: []byte(f.content)}
	if !f.plain {
		e.StartTLS = &tls.Config{InsecureSkipVerify: true} // as between mail servers
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	conn, wait := dial(t, ctx, srv, client)
	if _, err := fakemx.Submit(ctx, conn, e); err != nil {
		t.Logf("the client saw: %v", err)
	}
	conn.Close()
	wait()
}

// submitAll sends the message several times over one connection, without TLS. The
// last may be refused, and whatever the receiver says then is in its record.
func (f firing) submitAll(t *testing.T, srv *fakemx.Server, messages int) {
	t.Helper()
	conn, wait := dial(t, t.Context(), srv, f.client)
	defer wait()
	defer conn.Close()
	c := textproto.NewConn(conn)
	say := func(line string, want int) {
		t.Helper()
		if err := c.PrintfLine("%s", line); err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.ReadResponse(want); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	if _, _, err := c.ReadResponse(220); err != nil {
		t.Fatal(err)
	}
	say("EHLO "+f.helo, 250)
	for range messages - 1 {
		say("MAIL FROM:<"+f.from+">", 250)
		for _, to := range f.to {
			say("RCPT TO:<"+to+">", 250)
		}
		say("DATA", 354)
		say(f.content+".", 250)
	}
	say("MAIL FROM:<"+f.from+">", 0)
}

// dial connects to the receiver as the client at an address. wait returns when the
// receiver has done with the connection. It goes over the loopback interface: in a
// pipe without a buffer a server that ends a TLS session waits for a client that
// says QUIT, and the other way round.
func dial(t *testing.T, ctx context.Context, srv *fakemx.Server, client string) (conn net.Conn, wait func()) {
	t.Helper()
	return dialSaying(t, ctx, srv, client, "")
}

// dialSaying has the client say something before the receiver knows of it.
func dialSaying(t *testing.T, ctx context.Context, srv *fakemx.Server, client, said string) (conn net.Conn, wait func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if conn, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, said); err != nil {
		t.Fatal(err)
	}
	from := net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(client), 49152))
	var wg sync.WaitGroup
	wg.Go(func() { srv.ServeConn(ctx, asIf{accepted, from}) })
	return conn, wg.Wait
}

// asIf is a connection that seems to come from elsewhere.
type asIf struct {
	net.Conn
	from net.Addr
}

func (c asIf) RemoteAddr() net.Addr { return c.from }

// hold opens a connection, waits for the greeting, and lets go when the test ends.
func hold(t *testing.T, srv *fakemx.Server, client string) {
	t.Helper()
	conn, wait := dial(t, t.Context(), srv, client)
	t.Cleanup(func() { conn.Close(); wait() })
	if _, err := conn.Read(make([]byte, 4096)); err != nil {
		t.Fatalf("connection from %s: %v", client, err)
	}
}

// rep is a client that sends several times.
func rep(client string, times int) []string { return slices.Repeat([]string{client}, times) }
