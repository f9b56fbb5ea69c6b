package check

import "strings"

// Meaning says what a value of a method, or of one of its facets, tells of a
// message: "the client has no PTR record". It reads after "when" and "if". ok is
// false for a value that no method gives.
func Meaning(method, facet, value string) (text string, ok bool) {
	key := method + ": " + value
	if facet != "" {
		key = method + "." + facet + ": " + value
	}
	text, ok = meanings[key]
	return text, ok
}

// Meaning is as the function [Meaning], and names what a list goes by: "the DNS list
// has the HELO name".
func (c Check) Meaning(facet, value string) (text string, ok bool) {
	text, ok = Meaning(c.Method, facet, value)
	if what := sought[c.By]; what != "" && (c.Method == "list" || c.Method == "dnsbl") {
		text = strings.Replace(text, "the client", what, 1)
	}
	return text, ok
}

// sought names what lists go by.
var sought = map[string]string{
	"client": "the client", "network": "the client's network", "helo": "the HELO name",
	"sender-domain": "the sender's domain", "sender": "the sender", "recipient": "the recipient",
}

// meanings has every value of every method and facet; a test sees to that.
var meanings = map[string]string{
	"family: ipv4": "the client has an IPv4 address",
	"family: ipv6": "the client has an IPv6 address",

	"iprev: pass":           "a PTR name of the client has its address",
	"iprev: fail":           "no PTR name of the client has its address",
	"iprev: permerror":      "the client has no PTR record",
	"iprev: temperror":      "the reverse DNS of the client cannot be looked up",
	"iprev.ptr: none":       "the client has no PTR record",
	"iprev.ptr: unresolved": "no PTR name of the client resolves",
	"iprev.ptr: mismatch":   "the PTR names of the client have other addresses",
	"iprev.ptr: match":      "a PTR name of the client has its address",
	"iprev.ptr: error":      "the reverse DNS of the client cannot be looked up",

	"helo: none":            "the client has not greeted",
	"helo: pass":            "the HELO name has the client's address",
	"helo: neutral":         "the HELO name has another address",
	"helo: fail":            "the HELO name does not resolve, or is the literal of another address",
	"helo: permerror":       "the HELO name is no fully qualified name",
	"helo: temperror":       "the HELO name cannot be looked up",
	"helo.syntax: ok":       "the HELO name is fully qualified",
	"helo.syntax: literal":  "an address literal is said in HELO",
	"helo.syntax: not-fqdn": "the HELO name is one word",
	"helo.syntax: invalid":  "the HELO name is no host name",
	"helo.resolves: yes":    "the HELO name resolves",
	"helo.resolves: no":     "the HELO name does not resolve",
	"helo.resolves: error":  "the HELO name cannot be looked up",

	"spf: none":                "there is no SPF record",
	"spf: neutral":             "SPF says nothing about the client",
	"spf: pass":                "SPF passes",
	"spf: fail":                "SPF fails",
	"spf: softfail":            "SPF softfails",
	"spf: temperror":           "SPF cannot be looked up",
	"spf: permerror":           "the SPF record is in error",
	"spf.identity: mailfrom":   "SPF judges the MAIL FROM domain",
	"spf.identity: helo":       "SPF judges the HELO name",
	"dkim: none":               "the message has no DKIM signature",
	"dkim: pass":               "a DKIM signature verifies",
	"dkim: fail":               "no DKIM signature verifies",
	"dkim: policy":             "the DKIM signature is too weak to count",
	"dkim: neutral":            "the DKIM signature cannot be judged",
	"dkim: temperror":          "the DKIM key cannot be looked up",
	"dkim: permerror":          "the DKIM signature or its key is in error",
	"dkim.signatures: none":    "the message has no DKIM signature",
	"dkim.signatures: one":     "the message has one DKIM signature",
	"dkim.signatures: several": "the message has several DKIM signatures",
	"dkim.key: none":           "there is no DKIM key",
	"dkim.key: weak":           "the DKIM key is too short",
	"dkim.key: ok":             "the DKIM key is long enough",

	"dmarc: none":              "there is no DMARC record for the From domain, or no From domain",
	"dmarc: pass":              "DMARC passes",
	"dmarc: fail":              "DMARC fails",
	"dmarc: temperror":         "DMARC cannot be looked up",
	"dmarc: permerror":         "DMARC cannot be judged",
	"dmarc.policy: absent":     "the From domain has no DMARC policy",
	"dmarc.policy: none":       "the DMARC policy is p=none",
	"dmarc.policy: quarantine": "the DMARC policy is p=quarantine",
	"dmarc.policy: reject":     "the DMARC policy is p=reject",
	"dmarc.spf: aligned":       "SPF passes for a domain aligned with From",
	"dmarc.spf: unaligned":     "SPF passes for another domain than that of From",
	"dmarc.spf: none":          "SPF does not pass",
	"dmarc.dkim: aligned":      "DKIM passes for a domain aligned with From",
	"dmarc.dkim: unaligned":    "DKIM passes for another domain than that of From",
	"dmarc.dkim: none":         "DKIM does not pass",

	"arc: none": "the message has no ARC chain",
	"arc: pass": "the ARC chain verifies",
	"arc: fail": "the ARC chain does not verify",

	"tls: none":                  "the session is not encrypted",
	"tls: pass":                  "the session is encrypted",
	"tls: fail":                  "the TLS version is too old",
	"tls.version: none":          "the session is not encrypted",
	"tls.version: TLSv1.0":       "the session has TLS 1.0",
	"tls.version: TLSv1.1":       "the session has TLS 1.1",
	"tls.version: TLSv1.2":       "the session has TLS 1.2",
	"tls.version: TLSv1.3":       "the session has TLS 1.3",
	"tls.certificate: none":      "the client presents no certificate",
	"tls.certificate: presented": "the client presents a certificate",

	"sender-domain: none":            "the sender is the null sender, or From names no domain",
	"sender-domain: pass":            "the sender's domain takes mail, or has the SOA record that is asked for",
	"sender-domain: fail":            "the sender's domain does not exist, or has neither MX nor address, or lacks the SOA record that is asked for",
	"sender-domain: permerror":       "the sender's domain has a null MX",
	"sender-domain: temperror":       "the sender's domain cannot be looked up",
	"sender-domain.syntax: ok":       "the sender's domain is fully qualified",
	"sender-domain.syntax: not-fqdn": "the sender's domain is one word",
	"sender-domain.syntax: invalid":  "the sender's domain is no domain name",
	"sender-domain.syntax: null":     "the sender is the null sender, or From names no domain",
	"sender-domain.mx: present":      "the sender's domain has an MX record",
	"sender-domain.mx: implicit":     "the sender's domain has an address and no MX record",
	"sender-domain.mx: null":         "the sender's domain has a null MX",
	"sender-domain.mx: absent":       "the sender's domain has neither MX nor address",
	"sender-domain.mx: error":        "the sender's domain cannot be looked up",

	"rdns-generic: none":      "the client has no PTR record",
	"rdns-generic: pass":      "the PTR name is one of the client's own",
	"rdns-generic: fail":      "the PTR name is a generic one, made from the address",
	"rdns-generic: temperror": "the reverse DNS of the client cannot be looked up",

	"dnsbl: pass":      "the DNS list does not have the client",
	"dnsbl: fail":      "the DNS list has the client",
	"dnsbl: policy":    "the DNS list refuses to answer the receiver's resolver",
	"dnsbl: temperror": "the DNS list cannot be looked up",

	"headers: pass":                    "the header is without fault",
	"headers: fail":                    "the header or the lines of the message have a fault",
	"headers.from: ok":                 "there is one From field with one address",
	"headers.from: missing":            "there is no From field",
	"headers.from: multiple-fields":    "there are several From fields",
	"headers.from: multiple-addresses": "the From field has several addresses",
	"headers.from: malformed":          "the From field is malformed",
	"headers.message-id: ok":           "there is one Message-ID field",
	"headers.message-id: missing":      "there is no Message-ID field",
	"headers.message-id: malformed":    "the Message-ID field is malformed",
	"headers.message-id: multiple":     "there are several Message-ID fields",
	"headers.date: ok":                 "there is one Date field",
	"headers.date: missing":            "there is no Date field",
	"headers.date: malformed":          "the Date field is malformed",
	"headers.date: multiple":           "there are several Date fields",
	"headers.to: ok":                   "there is a To field",
	"headers.to: missing":              "there is no To field",
	"headers.duplicate: no":            "no field is there twice that may be there once",
	"headers.duplicate: yes":           "a field is there twice that may be there once",
	"headers.lines: ok":                "no line is too long",
	"headers.lines: long":              "a line is too long",
	"headers.line-ends: ok":            "every line ends with CR LF",
	"headers.line-ends: bare-cr":       "there is a CR without LF",
	"headers.line-ends: bare-lf":       "there is an LF without CR",
	"headers.eight-bit: ok":            "8-bit content is declared",
	"headers.eight-bit: undeclared":    "8-bit content is not declared",
	"headers.hops: ok":                 "there are few Received fields",
	"headers.hops: many":               "there are too many Received fields",
	"headers.syntax: ok":               "the header can be read",
	"headers.syntax: malformed":        "the header cannot be read",

	"size: pass": "the message is small enough",
	"size: fail": "the message is too large",

	"null-sender: none": "there is a sender",
	"null-sender: pass": "the null sender writes to one recipient",
	"null-sender: fail": "the null sender writes to several recipients",

	"recipient: pass":           "the mailbox exists",
	"recipient: unknown":        "the mailbox does not exist",
	"recipient: full":           "the mailbox is full",
	"recipient.count: ok":       "there are not too many recipients",
	"recipient.count: too-many": "there are too many recipients",

	"rate: pass": "the limit is not reached",
	"rate: fail": "the limit is passed",

	"greylist: pass": "the client came back in time",
	"greylist: fail": "the client comes for the first time, or too early",

	"early-talker: pass": "the client waits for the greeting",
	"early-talker: fail": "the client talks before the greeting",

	"list: pass": "the receiver's own list does not have the client",
	"list: fail": "the receiver's own list has the client",
}
