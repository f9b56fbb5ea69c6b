package profile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// asLogged is a reply as Postfix logs it.
func asLogged(reply string) string {
	return "host mx.example.net[2001:db8::25] said: " + reply + " (in reply to end of DATA command)"
}

// names lists what was found, each by its profile, to name in a scenario, and rule.
func names(found []Saying) []string {
	out := []string{}
	for _, f := range found {
		out = append(out, f.Profile.String()+" "+cmp.Or(f.Rule.ID, f.Phrase))
	}
	return out
}

// Every rule of ours is found by its own reply, or else one that has the same words.
// So it is when only the front is left of a long reply.
func TestFindOwnReply(t *testing.T) {
	sayings := Builtin().Sayings()
	for _, p := range Builtin().Profiles() {
		for _, rule := range p.Rules {
			lines, v, err := refuse(p, rule, clients()[0], "example.com")
			if err != nil {
				t.Fatal(err)
			}
			own := func(got Saying) bool {
				return got.Profile.Name == p.Name && got.Rule.ID == rule.ID && slices.Contains(got.Versions, p) && got.Rule.Reply == rule.Reply
			}
			reply := strings.Join(lines, " ")
			got := sayings.Find(asLogged(reply))
			if len(got) == 0 {
				t.Errorf("%s/%s: nothing is found by %q", p, rule.ID, reply)
				continue
			}
			if !own(got[0]) && !slices.Equal(templateWords(got[0].Rule.Reply), templateWords(rule.Reply)) {
				v.Results = found(got[0].Profile, "example.com")
				other, err := got[0].Profile.Refusal(Decision{Rule: got[0].Profile.Name + "/" + got[0].Rule.ID}, v)
				if err != nil || !slices.Equal(hear(reply).words, hear(strings.Join(other, " ")).words) {
					t.Errorf("%s/%s: %q\nfinds %s %q, %v", p, rule.ID, reply, names(got[:1]), other, err)
				}
			}
			if len(reply) < 150 {
				continue
			}
			if got := sayings.Find("host mx.example.net[2001:db8::25] said: " + reply[:len(reply)*2/3]); !slices.ContainsFunc(got, own) && len(got) < maxFound {
				t.Errorf("%s/%s: two thirds of %q find %s only", p, rule.ID, reply, names(got))
			}
		}
	}
}

func TestFindSaying(t *testing.T) {
	sayings := Builtin().Sayings()
	for _, tt := range []struct {
		about, text string
		want        string // the first; empty: none
	}{
		{
			"a line of mail.log", `Nov 24 06:45:12 mail postfix/smtp[182]: 1C64B3DA: to=<you@gmail.com>, relay=gmail-smtp-in.l.google.com[2001:db8:400d:c00::1a]:25, delay=0.2, delays=0.07/0.07/0.02/0.05, dsn=5.7.26, status=bounced (host gmail-smtp-in.l.google.com[2001:db8:400d:c00::1a] said: 550-5.7.26 This mail has been blocked because the sender is unauthenticated. 550-5.7.26 Gmail requires all senders to authenticate with either SPF or DKIM. 550-5.7.26  550-5.7.26  Authentication results: 550-5.7.26  DKIM = did not pass (in reply to end of DATA command))`,
			"gmail@2024 unauthenticated",
		},
		{
			"a bounce, broken anew", "<you@gmail.com>: host gmail-smtp-in.l.google.com[2001:db8::1a] said:\n    550-5.7.1 [2001:db8::10      12] Our system has detected\n    that 550-5.7.1 this message is likely unsolicited mail. To reduce the\n    amount of spam 550-5.7.1 sent to Gmail, this message has been blocked. Please visit 550-5.7.1\n    http://support.google.com/mail/bin/answer.py?hl=en&answer=188131 for 550 5.7.1\n    more information. u1si760120emy.87 - gsmtp (in reply to end of DATA command)",
			"gmail@2013-unsolicited ptr-missing",
		},
		{"the banner", "host mx.example[203.0.113.25] refused to talk to me: 554 (RTR:DU) http://postmaster.info.aol.com/errors/554rtrdu.html Connecting IP: 203.0.113.9", "aol dynamic-address"},
		{
			"cut off, where another receiver says no more than that", "550-5.7.26 This mail has been blocked because the sender is unauthenticated. 550-5.7.26 Gmail requires all senders to authenticate with either SPF or DKIM. (in reply to end of DATA command)",
			"gmail@2024 unauthenticated",
		},
		{"a few words of it", "550-5.7.26 This mail has been blocked because the sender is unauthenticated.", "gmail@2024 unauthenticated"},
		{"by another mail system", "SMTP error from remote mail server after RCPT TO:<you@example.net>: host mx.example [203.0.113.25]: 550 5.1.1 Not our Customer", "comcast user-unknown"},
		{"a part without a code", "Comcast requires that all mail servers must have a PTR record", "comcast ptr-missing"},
		{"another tail", "550 5.7.1 Connections not accepted from servers without a valid sender domain. Fix reverse DNS for 203.0.113.9, says alph700 to you and all others", "att ptr-missing"},
		{"the host tells receivers apart", "host mx01.mail.icloud.com[203.0.113.25] said: 550 5.1.1 user does not exist", "icloud user-unknown"},
		{"so does the code", "554 Client host rejected: cannot find your reverse hostname, [203.0.113.9]", "addy ptr-missing"},
		{"of the dialogue", "552 5.3.4 Message size exceeds fixed limit (in reply to MAIL FROM command)", "addy size"},
		{"of the dialogue, in another's words", "552 5.3.4 The size of your message (200000000 bytes) exceeded Google's message size limits of 157286400 bytes.", "gmail@2024 size"},
		{"a rule and a reply of the dialogue", "550 Requested action not taken: mailbox unavailable 550 invalid DNS MX or A/AAAA resource record. For explanation visit x", "gmx user-unknown"},
		{"something else", "Nov 24 06:45:12 mail postfix/qmgr[172]: 1C64B3DA: from=<me@example.com>, size=265, nrcpt=1 (queue active)", ""},
		{"a greeting", "hello and how are you today", ""},
		{"nothing", " \n", ""},
		{"only a code", "550 5.7.1", ""},
	} {
		got := sayings.Find(tt.text)
		if first := strings.Join(names(got[:min(len(got), 1)]), ""); first != tt.want {
			t.Errorf("%s: %q finds %q, want %q first", tt.about, tt.text, names(got), tt.want)
		}
	}
}

// Own receivers are found beside ours. Placeholders may be anything, and braces and
// blanks are no words.
func TestFindOwnReceiver(t *testing.T) {
	const table = `name: own
title: Own
versions: [old, new, newest]
default: new
hostname: mx.example.net
values: {q: {form: "<999>"}}
rules:
  - {id: a, at: rcpt, when: {iprev: fail}, reply: "550 5.7.1 Q{q}x zebras{blank} {{only} for {client}\n{rcpt}, 451 and 4.5.1 said: no", source: s, seen: "2026"}
  - {id: b, at: data, versions: ..new, reply: "554 zebras (in reply to lions) and tigers", source: s, seen: "2026"}
`
	set, err := Builtin().With(fstest.MapFS{"own.yaml": {Data: []byte(table)}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ text, want string }{
		{"550-5.7.1 Q12x Zebras {only} for 203.0.113.9 550 5.7.1 me@example.com, 451 and 4.5.1 said: no", "own@new a old new newest"},
		{"550 5.7.1 zebras for anybody at all said: no", "own@new a old new newest"},
		{"554 zebras, in reply to", "own@new b old new"}, // the code
	} {
		got := set.Sayings().Find(tt.text)
		if len(got) == 0 {
			t.Errorf("%q finds nothing", tt.text)
			continue
		}
		text := names(got)[0]
		for _, p := range got[0].Versions {
			text += " " + p.Label
		}
		if text != tt.want {
			t.Errorf("%q finds %q, want %q", tt.text, text, tt.want)
		}
	}
}

// What a log puts around a reply, and how it breaks the lines, makes no difference,
// and a reply of ours finds a rule whatever a client says in it.
func FuzzFindSaying(f *testing.F) {
	sayings := Builtin().Sayings()
	f.Add("550-5.7.1 Client host rejected:\n550 5.7.1 cannot find your hostname, [203.0.113.9]", uint16(7), "mail.example.com")
	f.Add("host a said: 554 no (in reply to MAIL FROM command)", uint16(99), "550 5.7.1")
	f.Add("421 \ufdd0 {x} \xff", uint16(300), "(in reply to")
	f.Fuzz(func(t *testing.T, text string, n uint16, said string) {
		got := sayings.Find(text)
		if len(got) > maxFound {
			t.Errorf("%q finds %d", text, len(got))
		}
		for _, s := range got {
			if s.Share < 0 || s.Share > 1 || !slices.Contains(s.Versions, s.Profile) {
				t.Errorf("%q finds %s with %v of the words, of %v", text, names([]Saying{s}), s.Share, s.Versions)
			}
		}
		broken := strings.ReplaceAll(strings.Join(strings.Fields(text), " "), " ", "\r\n\t")
		if again := sayings.Find(broken); !slices.Equal(names(again), names(got)) {
			t.Errorf("%q finds %q, and broken anew %q", text, names(got), names(again))
		}
		one := sayings.all[int(n)%len(sayings.all)]
		v := sample()
		v.Helo, v.From, v.Rcpt = said, said+"@example.com", said+"@example.net"
		lines, err := one.Profile.Refusal(Decision{Rule: one.Profile.Name + "/" + one.Rule.ID}, v)
		if err != nil {
			return // what was said is no reply any more
		}
		reply := strings.Join(lines, "\n")
		bare, inLog := names(sayings.Find(reply)), names(sayings.Find("said: "+reply+" (in reply to end of DATA command)"))
		if !slices.Equal(bare, inLog) {
			t.Errorf("%q finds %q, and in a log %q", reply, bare, inLog)
		}
		if !strings.Contains(reply, "(in reply to") && len(strings.Fields(said)) < 100 && !slices.Contains(bare, names([]Saying{one.Saying})[0]) && len(bare) < maxFound {
			t.Errorf("%q does not find %s but %q", reply, names([]Saying{one.Saying}), bare)
		}
	})
}

func BenchmarkFindSaying(b *testing.B) {
	sayings := Builtin().Sayings()
	for b.Loop() {
		sayings.Find(asLogged(logged))
	}
}

func ExampleSayings_Find() {
	for _, s := range Builtin().Sayings().Find("host a.example[203.0.113.25] said: 550 5.1.1 Not our Customer (in reply to RCPT TO command)") {
		fmt.Printf("%s %s/%s\n", s.Profile, s.Profile.Name, s.Rule.ID)
	}
	// Output: comcast comcast/user-unknown
}
