package lab

import "testing"

// The client in memory says what Postfix would say of itself.
func TestClientFollowsMainCF(t *testing.T) {
	for _, tt := range []struct {
		setting, helo, client string
	}{
		{"smtp_address_preference = ipv6", "mail.example.com", "2001:db8::10"},
		{"smtp_address_preference = ipv4", "mail.example.com", "203.0.113.10"},
		{"smtp_helo_name = $myhostname", "mail.example.com", "2001:db8::10"}, // the case wants IPv6
		{"myhostname = other.example.com", "other.example.com", "2001:db8::10"},
		{"smtp_helo_name = out.${myhostname}", "out.mail.example.com", "2001:db8::10"},
	} {
		p := prepared(t, changed(t, "smtp_address_preference = ipv6", tt.setting), "red")
		rec, err := InProcess(t.Context(), p)
		if err != nil || len(rec.Attempts) != 1 {
			t.Errorf("%s: %d attempts, %v, want one", tt.setting, len(rec.Attempts), err)
			continue
		}
		if a := rec.Attempts[0]; a.Helo != tt.helo || a.Client.String() != tt.client || a.Message != 0 {
			t.Errorf("%s: attempt of message %d as %s from %s, want 0, %s, %s",
				tt.setting, a.Message, a.Helo, a.Client, tt.helo, tt.client)
		}
	}
}

// The client in memory speaks TLS where a receiver offers it, as the base's Postfix does,
// and a configuration that forbids it is followed.
func TestClientSpeaksTLS(t *testing.T) {
	const none = "smtp_address_preference = ipv6\nsmtp_tls_security_level = none"
	for _, tt := range []struct {
		receiver, name, setting, outcome, rule, tls string
	}{
		{"postfix-tls", "red", "smtp_address_preference = ipv6", "sent", "", "TLSv1.3"},
		{"postfix-tls", "red", none, "bounced", "postfix-tls/starttls-first", ""},
		{"postfix-full", "red", none, "deferred", "postfix-full/plaintext", ""},
		// What lies behind the rule on TLS is met with TLS only.
		{"tls-rdns-site", "red", "smtp_address_preference = ipv6", "bounced", "tls-rdns-site/ptr-wrong", "TLSv1.3"},
		{"tls-rdns-site", "red", none, "bounced", "tls-rdns-site/tls-required", ""},
		{"postfix-full, force: pf-bare-lf", "green", "smtp_address_preference = ipv6", "bounced", "postfix-full/bare-lf", "TLSv1.3"},
		{"orange", "red", "smtp_address_preference = ipv6", "sent", "", ""}, // it has no STARTTLS
	} {
		rec, err := InProcess(t.Context(), prepared(t, changed(t, "gmail@2014", tt.receiver,
			"{outcome: bounced, client: ipv6, rule: gmail/ptr-missing}", "{outcome: bounced}",
			"smtp_address_preference = ipv6", tt.setting), tt.name))
		if err != nil || len(rec.Attempts) == 0 || len(rec.Deliveries) != 1 {
			t.Errorf("%s: %d attempts, %d deliveries, %v", tt.receiver, len(rec.Attempts), len(rec.Deliveries), err)
			continue
		}
		a, d := rec.Attempts[0], rec.Deliveries[0]
		if string(d.Outcome) != tt.outcome || a.Rule != tt.rule || a.TLS != tt.tls {
			t.Errorf("%s, %s: %s by %q over %q, want %s by %q over %q",
				tt.receiver, tt.setting, d.Outcome, a.Rule, a.TLS, tt.outcome, tt.rule, tt.tls)
		}
	}
}

// A case's own main.cf is followed, too, over the base's.
func TestClientFollowsOwnMainCF(t *testing.T) {
	for _, tt := range []struct {
		setting, helo, client, tls string
	}{
		{"smtp_address_preference = ipv4", "mail.example.com", "203.0.113.10", "TLSv1.3"},
		{"inet_protocols = ipv4", "mail.example.com", "203.0.113.10", "TLSv1.3"},
		{"smtp_tls_security_level = none", "mail.example.com", "2001:db8::10", ""},
		{"myhostname = other.example.com", "other.example.com", "2001:db8::10", "TLSv1.3"},
		{"smtp_helo_name = other.example.com", "other.example.com", "2001:db8::10", "TLSv1.3"},
	} {
		p := prepared(t, changed(t, "gmail@2014", "postfix", "rule: gmail/ptr-missing", "stage: data",
			"-- green/dns/ptr --\n", "-- green/postfix/main.cf --\n"+tt.setting+"\n-- green/dns/ptr --\n"), "green")
		if why := Unprovable(p); why != "" {
			t.Errorf("%s: %s", tt.setting, why)
		}
		rec, err := InProcess(t.Context(), p)
		if err != nil || len(rec.Attempts) != 1 {
			t.Errorf("%s: %d attempts, %v, want one", tt.setting, len(rec.Attempts), err)
			continue
		}
		if a := rec.Attempts[0]; a.Helo != tt.helo || a.Client.String() != tt.client || a.TLS != tt.tls {
			t.Errorf("%s: attempt as %s from %s over %q, want %s, %s, %q",
				tt.setting, a.Helo, a.Client, a.TLS, tt.helo, tt.client, tt.tls)
		}
	}
}
