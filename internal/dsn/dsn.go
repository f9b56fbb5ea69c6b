// Package dsn reads delivery status notifications: multipart/report messages
// (RFC 6522) with a delivery-status part (RFC 3464, and RFC 6533 for addresses in
// UTF-8). It writes none, and knows nothing of the older forms of bounces.
package dsn

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"strictmx/internal/mail"
)

// The limits of what is read.
const (
	MaxSize       = 32 << 20 // bytes of the whole message
	MaxParts      = 16       // parts of the report
	MaxRecipients = 10_000   // per-recipient groups
)

// The values of the Action field (RFC 3464 section 2.3.3).
const (
	Failed    = "failed"
	Delayed   = "delayed"
	Delivered = "delivered"
	Relayed   = "relayed"
	Expanded  = "expanded"
)

// A Notice is one delivery status notification.
type Notice struct {
	From    string   // the From field's addresses, without names
	To      []string // those of the To field
	Subject string

	ReportingMTA string    // name without its type, section 2.2.2
	EnvelopeID   string    // Original-Envelope-Id, section 2.2.1
	Arrival      time.Time // Arrival-Date, section 2.2.5; zero if absent or unreadable
	QueueID      string    // Postfix's X-Postfix-Queue-ID
	Sender       string    // Postfix's X-Postfix-Sender: who sent the message that this is about
	Recipients   []Recipient

	Text     string // the part for people
	Returned []byte // the returned message or its header, as it is; nil if there is none
}

// A Recipient is one group of per-recipient fields (RFC 3464 section 2.3).
type Recipient struct {
	Final          string      // address, without its type
	Original       string      // likewise, decoded from xtext; empty if absent
	Action         string      // lower case
	Status         mail.Status // of the notice, which may differ from the code in Diagnostic
	RemoteMTA      string      // name without its type; empty if absent
	DiagnosticType string      // "smtp", "x-postfix"; empty if absent
	Diagnostic     string      // unfolded, without its type
	LastAttempt    time.Time   // zero if absent or unreadable
}

// Parse reads a message as it was received. It wants the top level to be a
// delivery-status report, with the fields that RFC 3464 requires.
func Parse(content []byte) (*Notice, error) {
	n, err := parse(content)
	if err != nil {
		return nil, fmt.Errorf("delivery notice: %w", err)
	}
	return n, nil
}

func parse(content []byte) (*Notice, error) {
	if len(content) > MaxSize {
		return nil, fmt.Errorf("%d bytes: want at most %d", len(content), MaxSize)
	}
	m, err := netmail.ReadMessage(bytes.NewReader(content))
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	typ, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return nil, fmt.Errorf("content type: %w", err)
	}
	if typ != "multipart/report" || !strings.EqualFold(params["report-type"], "delivery-status") {
		return nil, fmt.Errorf("content type %s: want multipart/report of report-type delivery-status", typ)
	}
	n := &Notice{Subject: m.Header.Get("Subject"), To: addresses(m.Header, "To")}
	n.From = strings.Join(addresses(m.Header, "From"), ", ")
	return n, n.parts(multipart.NewReader(m.Body, params["boundary"]))
}

// addresses reads an address field, leniently: what is no address is left out.
func addresses(h netmail.Header, field string) []string {
	list, err := h.AddressList(field)
	if err != nil {
		return nil
	}
	out := make([]string, len(list))
	for i, a := range list {
		out[i] = a.Address
	}
	return out
}

// parts reads the two or three parts of the report (RFC 6522 section 3).
func (n *Notice) parts(r *multipart.Reader) error {
	found := false
	for i := range MaxParts {
		p, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("part %d: %w", i+1, err)
		}
		typ, _, err := mime.ParseMediaType(p.Header.Get("Content-Type"))
		if err != nil {
			typ = "text/plain"
		}
		body, err := body(p)
		if err != nil {
			return fmt.Errorf("part %d (%s): %w", i+1, typ, err)
		}
		switch {
		case typ == "message/delivery-status" || typ == "message/global-delivery-status":
			if found {
				return errors.New("two delivery-status parts: want one")
			}
			found = true
			if err := n.status(body); err != nil {
				return err
			}
		case !found && n.Text == "":
			n.Text = strings.ReplaceAll(string(body), "\r\n", "\n")
		case found && n.Returned == nil:
			n.Returned = body
		}
	}
	if !found {
		return errors.New("no delivery-status part")
	}
	return nil
}

// body undoes the part's transfer encoding (RFC 2045 section 6).
func body(p *multipart.Part) ([]byte, error) {
	var r io.Reader = p
	switch enc := strings.ToLower(strings.TrimSpace(p.Header.Get("Content-Transfer-Encoding"))); enc {
	case "", "7bit", "8bit", "binary":
	case "quoted-printable":
		r = quotedprintable.NewReader(p)
	case "base64":
		r = base64.NewDecoder(base64.StdEncoding, p)
	default:
		return nil, fmt.Errorf("transfer encoding %q: want one of RFC 2045", enc)
	}
	return io.ReadAll(r)
}

// status reads the body of the delivery-status part: groups of fields with blank
// lines between, the first of them about the message.
func (n *Notice) status(body []byte) error {
	groups, err := fieldGroups(body)
	if err != nil {
		return fmt.Errorf("delivery-status part: %w", err)
	}
	if len(groups) == 0 {
		return errors.New("delivery-status part: empty")
	}
	if len(groups)-1 > MaxRecipients {
		return fmt.Errorf("%d recipients: want at most %d", len(groups)-1, MaxRecipients)
	}
	about := groups[0]
	if about.Get("Reporting-Mta") == "" {
		return errors.New("no Reporting-MTA field")
	}
	_, n.ReportingMTA = typed(about.Get("Reporting-Mta"))
	n.EnvelopeID = about.Get("Original-Envelope-Id")
	n.Arrival = date(about.Get("Arrival-Date"))
	n.QueueID = about.Get("X-Postfix-Queue-Id")
	_, n.Sender = typed(about.Get("X-Postfix-Sender"))
	for i, g := range groups[1:] {
		r, err := recipient(g)
		if err != nil {
			return fmt.Errorf("recipient %d: %w", i+1, err)
		}
		n.Recipients = append(n.Recipients, r)
	}
	if len(n.Recipients) == 0 {
		return errors.New("no recipient: want at least one")
	}
	return nil
}

func recipient(g textproto.MIMEHeader) (Recipient, error) {
	var r Recipient
	var typ string
	if typ, r.Final = typed(g.Get("Final-Recipient")); typ == "" || r.Final == "" {
		return r, fmt.Errorf("field Final-Recipient %q: want type; address", g.Get("Final-Recipient"))
	}
	typ, r.Original = typed(g.Get("Original-Recipient"))
	if typ == "rfc822" {
		r.Original = decodeXtext(r.Original)
	}
	r.Action = strings.ToLower(g.Get("Action"))
	if !slices.Contains([]string{Failed, Delayed, Delivered, Relayed, Expanded}, r.Action) {
		return r, fmt.Errorf("field Action %q: want failed, delayed, delivered, relayed or expanded", g.Get("Action"))
	}
	// A comment may follow the code (section 2.3.4).
	code, _, _ := strings.Cut(g.Get("Status"), " ")
	status, err := mail.ParseStatus(code)
	if err != nil {
		return r, err
	}
	r.Status = status
	_, r.RemoteMTA = typed(g.Get("Remote-Mta"))
	r.DiagnosticType, r.Diagnostic = typed(g.Get("Diagnostic-Code"))
	r.LastAttempt = date(g.Get("Last-Attempt-Date"))
	return r, nil
}

// typed splits "type; text" (section 2.1.2). Without a semicolon there is no type.
func typed(s string) (typ, text string) {
	typ, text, ok := strings.Cut(s, ";")
	if !ok {
		return "", strings.TrimSpace(s)
	}
	return strings.ToLower(strings.TrimSpace(typ)), strings.TrimSpace(text)
}

func date(s string) time.Time {
	t, err := netmail.ParseDate(s)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// fieldGroups reads groups of header fields. Folded fields become one line, with a
// blank where the fold was.
func fieldGroups(body []byte) ([]textproto.MIMEHeader, error) {
	var out []textproto.MIMEHeader
	r := bufio.NewReader(bytes.NewReader(body))
	for {
		// ReadMIMEHeader wants a blank line after the last field.
		if err := skipBlankLines(r); errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil {
			return nil, err
		}
		h, err := textproto.NewReader(r).ReadMIMEHeader()
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		if len(h) > 0 {
			out = append(out, h)
		}
	}
}

func skipBlankLines(r *bufio.Reader) error {
	for {
		b, err := r.Peek(1)
		if err != nil {
			return err
		}
		if b[0] != '\r' && b[0] != '\n' {
			return nil
		}
		if _, err := r.Discard(1); err != nil {
			return err
		}
	}
}

// decodeXtext undoes xtext (RFC 3461 section 4): "+2B" stands for "+". What is no
// xtext stays as it is.
func decodeXtext(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '+' {
			b.WriteByte(s[i])
			continue
		}
		if i+2 >= len(s) {
			return s
		}
		hi, lo := strings.IndexByte(hexDigits, s[i+1]), strings.IndexByte(hexDigits, s[i+2])
		if hi < 0 || lo < 0 {
			return s
		}
		b.WriteByte(byte(hi<<4 | lo))
		i += 2
	}
	return b.String()
}

const hexDigits = "0123456789ABCDEF"
