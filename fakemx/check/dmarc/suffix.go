package dmarc

import (
	"context"

	"golang.org/x/net/publicsuffix"
)

// suffixOrg is the organizational domain by the public suffix list (RFC 7489 section
// 3.2): one label more than the suffix. A domain that is a suffix is its own, since
// it is not exempt from DMARC (section 6.6.1).
func suffixOrg(domain string) string {
	org, err := publicsuffix.EffectiveTLDPlusOne(domain)
	if err != nil {
		return domain
	}
	return org
}

// discoverByList asks for the record of the organizational domain if the author
// domain has none (RFC 7489 section 6.6.3 step 3). Several records end the search
// (step 5).
func (e *evaluation) discoverByList(ctx context.Context, author string, own found) (policyRecord, error) {
	org := suffixOrg(author)
	if own.count > 1 || org == author {
		return policyRecord{why: e.noRecord([]string{author}, "")}, nil
	}
	f := e.find(ctx, org)
	switch {
	case f.err != nil:
		return policyRecord{}, f.err
	case f.record == nil:
		return policyRecord{why: e.noRecord([]string{author, org}, "neither has "+org)}, nil
	}
	e.step(0, "the record of %s applies: it is the organizational domain of %s", org, author)
	return policyRecord{domain: org, record: f.record}, nil
}
