package fakedns

import (
	"net"
	"testing"

	"github.com/miekg/dns"
)

func BenchmarkAnswer(b *testing.B) {
	w := load(b, internet).world()
	q := query{name: "www.example.com.", typ: dns.TypeA}
	b.ReportAllocs()
	for b.Loop() {
		if res := w.answer(q); len(res.answer) != 2 {
			b.Fatal(res)
		}
	}
}

func BenchmarkReact(b *testing.B) {
	w := load(b, internet).world()
	m := message("www.example.com.", dns.TypeA)
	m.SetEdns0(1232, false)
	packet := raw(b, m, func(p []byte) []byte { return p })
	b.ReportAllocs()
	for b.Loop() {
		if r := w.react(packet, false, true); r.reply == nil {
			b.Fatal(r)
		}
	}
}

func BenchmarkResolver(b *testing.B) {
	r := load(b, internet).Resolver("", nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Resolve(b.Context(), "www.example.com", "A"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRoundTripUDP(b *testing.B) {
	at := serve(b, &Server{Zones: load(b, internet)}, "127.0.0.1")
	packet := raw(b, message("www.example.com.", dns.TypeA), func(p []byte) []byte { return p })
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		conn, err := net.Dial("udp", at.String())
		if err != nil {
			b.Error(err)
			return
		}
		defer conn.Close()
		buf := make([]byte, maxUDP)
		for pb.Next() {
			if _, err := conn.Write(packet); err != nil {
				b.Error(err)
				return
			}
			if _, err := conn.Read(buf); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		load(b, internet)
	}
}
