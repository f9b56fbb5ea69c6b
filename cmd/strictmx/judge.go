package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"strictmx/fakedns"
	"strictmx/fakemx"
	"strictmx/fakemx/profile"
	"strictmx/internal/judge"
	"strictmx/internal/mail"
	"strictmx/internal/spelling"
)

// judgeFlags are the facts that the judge command is given.
type judgeFlags struct {
	zones, profiles, client, helo, mailFrom, tls, format string
	rcpts, receivers                                     []string
}

func judgeCommand() *cobra.Command {
	var f judgeFlags
	c := &cobra.Command{
		Use:   "judge --zones DIR --client ADDR [MESSAGE.eml|-]",
		Short: "say what receivers would answer to a message, without a container",
		Long: `judge evaluates a message as receivers would: from the address --client, with
the DNS data in --zones (NAME.zone master files, a hosts-like file ptr, an optional
faults.yaml). Without --receiver it prints the results of the checks only.

The message is a file, or "-" for standard input. Without one it is made up, and so
is the recipient without --rcpt.

The exit code is 1 if a receiver that was asked for does not accept the message for
every recipient.`,
		Example: `  strictmx judge --zones dns --client 2001:db8::25 --helo mail.example.com \
      --mail-from me@example.com --receiver gmail --receiver gmail@2014`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return f.run(c.Context(), c.InOrStdin(), c.OutOrStdout(), args)
		},
	}
	c.Flags().StringVar(&f.zones, "zones", "", "directory of zone files")
	profilesFlag(c, &f.profiles)
	c.Flags().StringArrayVar(&f.receivers, "receiver", nil, "receiver to ask, `NAME[@LABEL]`; may be given again")
	c.Flags().StringVar(&f.client, "client", "", "the client's `address`")
	c.Flags().StringVar(&f.helo, "helo", "", "argument of HELO or EHLO; its address literal if not given")
	c.Flags().StringVar(&f.mailFrom, "mail-from", "", "envelope sender; empty or <> is the null sender")
	c.Flags().StringArrayVar(&f.rcpts, "rcpt", nil, "envelope recipient, an `address`; may be given again")
	c.Flags().StringVar(&f.tls, "tls", "", "TLS `version` of the session: 1.2 or 1.3; plain if not given")
	c.Flags().StringVar(&f.format, "format", "text", "text or json")
	return c
}

// judgement is the JSON form of what judge prints.
type judgement struct {
	V         int             `json:"v"`
	Type      string          `json:"type"`
	Results   []mail.Result   `json:"results"`
	Receivers []judge.Verdict `json:"receivers"`
}

// missing tells which of the flags are not there without which nothing can be judged.
func (f judgeFlags) missing() error {
	var want []string
	if f.zones == "" {
		want = append(want, wantZones)
	}
	if f.client == "" {
		want = append(want, "--client ADDR, the address that the message comes from")
	}
	if len(want) == 0 {
		return nil
	}
	return fmt.Errorf("judge: want %s", strings.Join(want, ", and "))
}

func (f judgeFlags) run(ctx context.Context, in io.Reader, out io.Writer, args []string) error {
	if err := f.missing(); err != nil {
		return err
	}
	m, err := f.message(in, args)
	if err != nil {
		return err
	}
	zones, err := loadZones("judge", f.zones)
	if err != nil {
		return err
	}
	asked, err := f.ask()
	if err != nil {
		return err
	}
	if err := forcible(m.To, asked); err != nil {
		return err
	}
	j := judgement{V: 1, Type: "judge", Receivers: []judge.Verdict{}}
	j.Results = judge.Results(ctx, zones.Resolver("judge", nil), m.Facts("judge.example"))
	accepted := true
	for i, p := range asked {
		v, err := judge.Ask(ctx, zones, p, m)
		if err != nil {
			return fmt.Errorf("receiver %s: %w", f.receivers[i], err)
		}
		v.Receiver = f.receivers[i]
		accepted = accepted && v.Decision == judge.Accept
		j.Receivers = append(j.Receivers, v)
	}
	if err := f.write(out, j); err != nil {
		return err
	}
	if !accepted {
		return &exitError{code: exitMismatch}
	}
	return nil
}

func (f judgeFlags) write(out io.Writer, j judgement) error {
	if f.format == "json" {
		return json.NewEncoder(out).Encode(j)
	}
	return judge.Text(out, j.Results, j.Receivers)
}

const wantZones = "--zones DIR, a directory with NAME.zone files"

// loadZones loads the directory of --zones, for a command.
func loadZones(command, dir string) (*fakedns.Zones, error) {
	if dir == "" {
		return nil, fmt.Errorf("%s: want %s", command, wantZones)
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("%s: --zones %s: want a directory with NAME.zone files", command, dir)
	}
	zones, err := fakedns.Load(os.DirFS(dir))
	return zones, below(dir, err)
}

// clientAddr reads the address of --client, for a command. An IPv4 address in the
// form of an IPv6 one is one of IPv4.
func clientAddr(command, s string) (netip.Addr, error) {
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return netip.Addr{}, fmt.Errorf("%s: --client %q: want an IPv4 or IPv6 address", command, s)
	}
	return a.Unmap(), nil
}

// ask are the receivers to ask.
func (f judgeFlags) ask() ([]*profile.Profile, error) {
	set, err := profiles(f.profiles)
	if err != nil {
		return nil, err
	}
	var out []*profile.Profile
	for _, name := range f.receivers {
		p, err := set.Find(name)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// forcible wants recipients that ask for a rule to ask for one that a receiver has: a
// misspelt one is accepted as a mailbox, which is not what was meant.
func forcible(rcpts []string, asked []*profile.Profile) error {
	for _, rcpt := range rcpts {
		rule, ok := fakemx.ForcedRule(rcpt)
		if !ok || len(asked) == 0 {
			continue
		}
		var ids []string
		known := slices.ContainsFunc(asked, func(p *profile.Profile) bool {
			for _, r := range p.Rules {
				ids = append(ids, r.ID)
			}
			_, has := p.RuleNamed(rule)
			return has
		})
		if !known {
			hint := "strictmx receivers " + asked[0].String() + " lists the rules"
			if near := spelling.Nearest(rule, ids); near != "" {
				hint = "did you mean " + near + "?"
			}
			return fmt.Errorf("judge: --rcpt %s: no receiver has a rule %s: %s", rcpt, rule, hint)
		}
	}
	return nil
}

// message turns the flags and the file into what is judged.
func (f judgeFlags) message(in io.Reader, args []string) (judge.Message, error) {
	m := judge.Message{Helo: f.helo}
	if f.format != "text" && f.format != "json" {
		return m, fmt.Errorf("judge: --format %q: want text or json", f.format)
	}
	var err error
	if m.Client, err = clientAddr("judge", f.client); err != nil {
		return m, err
	}
	if m.Helo == "" {
		m.Helo = literal(m.Client)
	}
	if m.TLS, err = tlsVersion(f.tls); err != nil {
		return m, err
	}
	if m.From, m.To, err = f.envelope(); err != nil {
		return m, err
	}
	if len(args) == 0 {
		m.Content = madeUp(m)
		return m, nil
	}
	var b []byte
	if args[0] == "-" {
		b, err = io.ReadAll(in)
	} else {
		b, err = os.ReadFile(args[0])
	}
	if err != nil {
		return m, fmt.Errorf("message: %w", err)
	}
	if len(b) == 0 {
		return m, fmt.Errorf("message %s: it is empty: want a header at least", args[0])
	}
	m.Content = withCRLF(b)
	return m, nil
}

// envelope reads the addresses. What receivers would answer with a syntax error is
// wrong usage: nothing that they could find out would let it pass.
func (f judgeFlags) envelope() (from string, to []string, err error) {
	if from = unbracketed(f.mailFrom); from != "" {
		if err := fakemx.CheckMailbox(from); err != nil {
			return "", nil, fmt.Errorf("judge: --mail-from %q: %w, as in me@example.com, or <> for the null sender", f.mailFrom, err)
		}
	}
	for _, s := range f.rcpts {
		rcpt := unbracketed(s)
		// RFC 5321 section 4.1.1.3: postmaster needs no domain.
		if err := fakemx.CheckMailbox(rcpt); err != nil && !strings.EqualFold(rcpt, "postmaster") {
			hint := ""
			if strings.Contains(s, ",") {
				hint = ", and --rcpt again for each recipient"
			}
			return "", nil, fmt.Errorf("judge: --rcpt %q: %w, as in you@example.net%s", s, err, hint)
		}
		to = append(to, rcpt)
	}
	if len(to) == 0 {
		to = []string{"recipient@example.net"}
	}
	return from, to, nil
}

// unbracketed is an address without the angle brackets around it.
func unbracketed(s string) string {
	if inner, ok := strings.CutPrefix(s, "<"); ok && strings.HasSuffix(inner, ">") {
		return strings.TrimSuffix(inner, ">")
	}
	return s
}

// madeUp is the content where none is given. A notice has an author as mail systems
// give it one, since no address stands for the null sender in a header.
func madeUp(m judge.Message) []byte {
	return []byte("From: <" + cmp.Or(m.From, "MAILER-DAEMON@"+m.Helo) + ">\r\n" +
		"To: <" + strings.Join(m.To, ">,\r\n <") + ">\r\nSubject: judged by strictmx\r\n" +
		"Date: Tue, 24 Nov 2026 06:00:00 +0000\r\nMessage-ID: <judge@example.net>\r\n\r\nHello.\r\n")
}

// literal is the address literal of RFC 5321 section 4.1.3.
func literal(a netip.Addr) string {
	if a.Is4() {
		return "[" + a.String() + "]"
	}
	return "[IPv6:" + a.String() + "]"
}

func tlsVersion(s string) (uint16, error) {
	switch strings.TrimPrefix(strings.ToLower(s), "tlsv") {
	case "":
		return 0, nil
	case "1.2":
		return tls.VersionTLS12, nil
	case "1.3":
		return tls.VersionTLS13, nil
	}
	return 0, fmt.Errorf("judge: --tls %q: want 1.2 or 1.3", s)
}

// withCRLF gives a file with the line ends of Unix those of SMTP. A file that has
// CR LF anywhere is left as it is, so that wrong line ends can be judged too.
func withCRLF(b []byte) []byte {
	if bytes.Contains(b, []byte("\r\n")) {
		return b
	}
	return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n"))
}
