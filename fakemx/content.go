package fakemx

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"strictmx/internal/mail"
)

// readContent reads what follows the 354. With too much of it, it is read to its
// end and not kept.
func (f *front) readContent() {
	c := collector{max: f.limits.Size, maxLine: f.limits.ContentLine}
	err := c.read(f.stream.in)
	f.tick()
	f.said.note("C: ", "%d octets of content", c.received)
	f.tx.stage, f.tx.content = mail.Data, c.kept
	switch {
	case err != nil:
		f.lost(err)
	case c.tooBig:
		f.size = c.received
		f.tooMuch = &refusal{lines: f.phrase("size", nil)}
	case c.tooLong:
		f.tooMuch = &refusal{lines: f.phrase("line-too-long", nil)}
	}
}

// A collector reads the content of DATA and undoes the dots of RFC 5321 section
// 4.5.2. A line ends with CR LF and with nothing else; the content ends with a line
// of one dot.
type collector struct {
	max     int64 // octets to keep
	maxLine int   // octets of a line with its CR LF; 0 does not limit it

	kept            []byte
	received        int64 // octets, the end and the dots included
	tooBig, tooLong bool
}

func (c *collector) read(r *bufio.Reader) error {
	start := true // of a line
	var last byte // of what came before
	length := 0   // of the line so far
	for {
		piece, err := r.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			c.received += int64(len(piece))
			if errors.Is(err, io.EOF) {
				return io.ErrUnexpectedEOF
			}
			return err
		}
		c.received += int64(len(piece))
		if start && string(piece) == ".\r\n" {
			return nil
		}
		length += len(piece)
		c.tooLong = c.tooLong || c.maxLine > 0 && length > c.maxLine
		n := len(piece)
		before := last
		if n > 1 {
			before = piece[n-2]
		}
		last = piece[n-1]
		if start && piece[0] == '.' {
			piece = piece[1:]
		}
		start = last == '\n' && before == '\r'
		if start {
			length = 0
		}
		if c.kept == nil && !c.tooBig {
			c.kept = make([]byte, 0, len(piece)+r.Buffered()) // most messages are here whole
		}
		c.keep(piece)
	}
}

func (c *collector) keep(b []byte) {
	switch {
	case c.tooBig:
	case int64(len(c.kept)+len(b)) > c.max:
		c.tooBig, c.kept = true, nil
	default:
		c.kept = append(c.kept, b...)
	}
}

// bdat takes one chunk (RFC 3030 section 2). The octets follow the command whether
// or not it is accepted; if their number cannot be known, the session cannot go on.
func (f *front) bdat(c command) {
	if !f.offers("CHUNKING") {
		f.wrong("unimplemented")
		return
	}
	size, last, ok := parseBDAT(c.arg)
	if !ok {
		f.wrong("syntax")
		f.ending = true
		return
	}
	fits := size <= f.limits.Size-int64(len(f.tx.content))
	keep := fits && f.greeted && f.tx.open && len(f.tx.rcpts) > 0
	chunk, err := f.chunk(size, keep)
	f.tick()
	f.said.note("C: ", "%d octets of content", size)
	switch {
	case err != nil:
		if keep {
			f.tx.stage = mail.Data
		}
		f.lost(err)
	case !f.ready():
	case !fits:
		f.tx.stage = mail.Data
		f.tx.content = nil
		f.tooMuch = &refusal{lines: f.phrase("size", nil)}
		f.endOfChunks()
	default:
		f.tx.stage = mail.Data
		f.tx.content = append(f.tx.content, chunk...)
		f.tx.chunks = true
		if last {
			f.endOfChunks()
			return
		}
		f.say(f.phrase("chunk", nil))
	}
}

// endOfChunks has the engine take the content as if it came with DATA.
func (f *front) endOfChunks() { f.pass("BDAT", "DATA") }

// chunk reads the octets of a BDAT.
func (f *front) chunk(size int64, keep bool) ([]byte, error) {
	if !keep {
		_, err := io.CopyN(io.Discard, f.stream.in, size)
		return nil, err
	}
	var b bytes.Buffer
	_, err := io.CopyN(&b, f.stream.in, size)
	return b.Bytes(), err
}

// parseBDAT reads the size and the word LAST.
func parseBDAT(arg string) (size int64, last, ok bool) {
	words := strings.Fields(arg)
	if len(words) == 2 && strings.EqualFold(words[1], "LAST") {
		last, words = true, words[:1]
	}
	if len(words) != 1 || !digits(words[0]) {
		return 0, false, false
	}
	size, err := strconv.ParseInt(words[0], 10, 64)
	return size, last, err == nil
}

// messageID is the content of the Message-ID field without angle brackets; empty
// if there is none.
func messageID(content []byte) string {
	var id []byte
	in := false
	for len(content) > 0 {
		line, rest, _ := bytes.Cut(content, []byte("\n"))
		content = rest
		line = bytes.TrimRight(line, "\r")
		if len(line) == 0 {
			break // the end of the header
		}
		folded := line[0] == ' ' || line[0] == '\t'
		if in && folded {
			id = append(id, line...)
			continue
		}
		if in {
			break
		}
		name, text, ok := bytes.Cut(line, []byte(":"))
		if in = ok && strings.EqualFold(string(bytes.TrimRight(name, " \t")), "message-id"); in {
			id = slices.Clone(text)
		}
	}
	s := strings.TrimSpace(string(id))
	if _, after, ok := strings.Cut(s, "<"); ok {
		s, _, _ = strings.Cut(after, ">")
	}
	return s
}
