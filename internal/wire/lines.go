package wire

import (
	"bufio"
	"context"
	"io"
)

// ReadLines sends the lines of in, each with its line end, until in or ctx ends. A
// line without an end is not sent.
func ReadLines(ctx context.Context, in io.Reader, to chan<- []byte) {
	r := bufio.NewReaderSize(in, 64<<10)
	for {
		line, err := r.ReadBytes('\n')
		if err != nil {
			return // its end, or as good as that
		}
		select {
		case to <- line:
		case <-ctx.Done():
			return
		}
	}
}
