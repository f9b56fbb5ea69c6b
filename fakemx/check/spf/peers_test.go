package spf

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"testing"

	peer "blitiri.com.ar/go/spf"
)

// A sample is a question for this package and for others.
type sample struct {
	class string // which line of testdata/disagreements.txt speaks of it
	world world
	query Query
}

// A judge gives the results of another implementation, one for each sample.
type judge func(testing.TB, []sample) []string

// blitiri asks blitiri.com.ar/go/spf.
func blitiri(t testing.TB, samples []sample) []string {
	t.Helper()
	var got []string
	for _, s := range samples {
		from := s.query.MailFrom
		if from == "" {
			from = "postmaster@" + s.query.Helo
		}
		v, _ := peer.CheckHostWithSender(s.query.Client.Unmap().AsSlice(), s.query.Helo, from,
			peer.WithContext(t.Context()), peer.WithResolver(netResolver{s.world}))
		got = append(got, string(v))
	}
	return got
}

// A netResolver answers in the manner of net.Resolver, for which NODATA and
// NXDOMAIN are one error.
type netResolver struct{ world world }

func (n netResolver) ask(ctx context.Context, name string, typs ...string) (answer, error) {
	var all answer
	for _, typ := range typs {
		ans, err := n.world.Resolve(ctx, strings.ReplaceAll(name, `\`, `\\`), typ)
		if err != nil {
			return answer{}, &net.DNSError{Err: err.Error(), Name: name, IsTemporary: true}
		}
		for _, r := range ans.Records {
			all.texts = append(all.texts, r.Text)
			all.mx = append(all.mx, &net.MX{Host: r.Text, Pref: r.Pref})
			if r.Addr.IsValid() {
				all.ips = append(all.ips, net.IPAddr{IP: r.Addr.AsSlice()})
			}
		}
	}
	if len(all.texts) == 0 {
		return answer{}, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}
	return all, nil
}

type answer struct {
	texts []string
	mx    []*net.MX
	ips   []net.IPAddr
}

func (n netResolver) LookupTXT(ctx context.Context, name string) ([]string, error) {
	a, err := n.ask(ctx, name, "TXT")
	return a.texts, err
}

func (n netResolver) LookupMX(ctx context.Context, name string) ([]*net.MX, error) {
	a, err := n.ask(ctx, name, "MX")
	return a.mx, err
}

func (n netResolver) LookupIPAddr(ctx context.Context, name string) ([]net.IPAddr, error) {
	a, err := n.ask(ctx, name, "A", "AAAA")
	return a.ips, err
}

func (n netResolver) LookupAddr(ctx context.Context, addr string) ([]string, error) {
	ip, err := parseAddr(addr)
	if err != nil {
		return nil, err
	}
	a, err := n.ask(ctx, reverseName(ip), "PTR")
	return a.texts, err
}

// pyspf asks Debian's package python3-spf, in one run for all samples.
func pyspf(t testing.TB, samples []sample) []string {
	t.Helper()
	type node struct {
		Records [][2]any `json:"records"`
		Fail    []string `json:"fail"`
	}
	type ask struct {
		World  int    `json:"world"`
		Client string `json:"client"`
		Helo   string `json:"helo"`
		From   string `json:"from"`
	}
	var job struct {
		Worlds []map[string]node `json:"worlds"`
		Cases  []ask             `json:"cases"`
	}
	for i, s := range samples {
		if i == 0 || fmt.Sprintf("%p", s.world) != fmt.Sprintf("%p", samples[i-1].world) {
			nodes := map[string]node{}
			for name, n := range s.world {
				out := node{Records: [][2]any{}, Fail: []string{}}
				for typ := range n.fail {
					out.Fail = append(out.Fail, typ)
				}
				for _, r := range n.records {
					out.Records = append(out.Records, [2]any{r.Type, pyData(r)})
				}
				nodes[name] = out
			}
			job.Worlds = append(job.Worlds, nodes)
		}
		job.Cases = append(job.Cases, ask{len(job.Worlds) - 1, s.query.Client.String(), s.query.Helo, s.query.MailFrom})
	}
	in, err := json.Marshal(job)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "/usr/bin/python3", "testdata/pyspf.py")
	cmd.Stdin = bytes.NewReader(in)
	out, err := cmd.Output()
	if err != nil {
		detail := ""
		if e, ok := err.(*exec.ExitError); ok {
			detail = string(e.Stderr)
		}
		t.Fatalf("pyspf: %v %s\nthe comparison needs Debian's package python3-spf: apt-get install python3-spf "+
			"(or run with -short to leave it out)", err, detail)
	}
	var got []string
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("pyspf: %v in %q", err, out)
	}
	return got
}
