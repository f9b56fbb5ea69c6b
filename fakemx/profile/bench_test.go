package profile

import (
	"io/fs"
	"testing"

	"strictmx/internal/mail"
)

// BenchmarkLoad is what every start of the program pays once, if it needs profiles.
func BenchmarkLoad(b *testing.B) {
	dir, err := fs.Sub(tables, "tables")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Load(dir); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRefuse is what a session pays: a decision and its reply.
func BenchmarkRefuse(b *testing.B) {
	p, err := Builtin().Find("gmail@2013-unsolicited")
	if err != nil {
		b.Fatal(err)
	}
	found, v := results("family=ipv6 iprev=permerror spf=pass dkim=none"), sample()
	for b.Loop() {
		d, _ := p.Decide(mail.Data, Found(found), nil)
		if _, err := p.Refusal(d, v); err != nil {
			b.Fatal(err)
		}
	}
}
