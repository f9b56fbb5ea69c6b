package fakemx

import (
	"bytes"
	"context"
	"testing"
)

// BenchmarkMessages is whole sessions over TCP, one message each, from several
// clients at a time; the figure is messages per second.
func BenchmarkMessages(b *testing.B) {
	srv := testServer(b, "lean")
	address, _ := serveTCP(b, srv)
	e := Envelope{
		Helo: "mta.example.com", From: "a@example.com", To: []string{"b@example.org"},
		Content: bytes.Repeat([]byte("0123456789012345678901234567890123456789012345678901234567890\r\n"), 64),
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			c := dialTCP(b, address)
			if _, err := Submit(context.Background(), c, e); err != nil {
				b.Error(err)
			}
			c.Close()
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
}

// BenchmarkInMemory is the same over a connection in memory, as the in-process
// ring has it, with a profile that pipelines.
func BenchmarkInMemory(b *testing.B) {
	srv := testServer(b, "strict")
	e := Envelope{
		Helo: "mta.example.com", From: "a@example.com", To: []string{"b@example.net"},
		Content: []byte("Subject: x\r\n\r\ntext\r\n"), Pipeline: true,
	}
	b.ReportAllocs()
	for b.Loop() {
		c := dial(b, srv)
		if _, err := Submit(context.Background(), c, e); err != nil {
			b.Fatal(err)
		}
		c.Close()
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
}
