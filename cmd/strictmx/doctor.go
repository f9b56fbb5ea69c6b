package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"

	"github.com/spf13/cobra"

	"strictmx/internal/lab"
	"strictmx/scenarios"
)

func doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "check that labs work on this machine", Args: cobra.NoArgs,
		Long: `doctor looks for the container engine, builds the images if they are missing, and
runs one lab with IPv4 and IPv6 through it. It says what is wrong and what to do.`,
		RunE: func(c *cobra.Command, _ []string) error {
			return labError(doctor(c.Context(), c.OutOrStdout()))
		},
	}
}

func doctor(ctx context.Context, out io.Writer) error {
	d, err := openContainers(ctx, out)
	if err != nil {
		return err
	}
	defer d.engine.Close()
	fmt.Fprintf(out, "engine      %s, version %s, %s\n", d.engine.Host, d.engine.Version, d.engine.Arch)
	fmt.Fprintf(out, "images      %s and %s\n", d.images.Node, d.images.Postfix)
	p, err := checkUp()
	if err != nil {
		return err
	}
	rec, err := lab.Run(ctx, d, p, time.Minute)
	if err != nil {
		return fmt.Errorf("a lab does not work here: %w", err)
	}
	fmt.Fprintf(out, "lab         Postfix %s, up and gone again in %.2f s\n", rec.Version, rec.Elapsed.Seconds())
	if len(rec.Deliveries) != 1 || rec.Deliveries[0].Relay == nil || !rec.Deliveries[0].Relay.Addr.Is6() {
		return errors.New("the message of the check did not leave over IPv6: " + describeDeliveries(rec))
	}
	fmt.Fprintf(out, "IPv6        %s reached %s\n", p.Plan.Host.IPv6, rec.Deliveries[0].Relay.Addr)
	_, err = fmt.Fprintln(out, "all is well")
	return err
}

func describeDeliveries(rec lab.Record) string {
	if len(rec.Deliveries) == 0 {
		return "it was not delivered at all"
	}
	return rec.Deliveries[0].Text
}

// checkUp is a case that any working lab can run: one message over IPv6 to a
// receiver that takes it.
func checkUp() (*lab.Prepared, error) {
	sc := &scenarios.Scenario{
		Name: "doctor",
		Host: scenarios.Host{
			Name: "mail.example.com", IPv4: netip.MustParseAddr("203.0.113.10"), IPv6: netip.MustParseAddr("2001:db8::10"),
		},
		Receivers: []scenarios.Receiver{{Name: "google-apps", Profile: "google-apps", Domains: []string{"example.net"}}},
	}
	c := scenarios.Case{
		Name: "check-up",
		Messages: []scenarios.Message{{
			From: "me@example.com", To: []string{"you@example.net"}, Via: "sendmail",
			Content: []byte("From: me@example.com\r\nTo: you@example.net\r\nMessage-ID: <check-up@example.com>\r\n\r\nHello.\r\n"),
		}},
		Files: map[string]scenarios.File{"postfix/main.cf": {Fragments: []scenarios.Fragment{{
			Path: "postfix/main.cf", Text: "smtp_address_preference = ipv6\n",
		}}}},
	}
	return lab.Prepare(sc, c, base())
}
