package node

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"

	"strictmx/internal/wire"
)

// maxPlan bounds the line that holds the plan, in bytes.
const maxPlan = 64 << 20

// HostSide gives the mail system's side, which is the calling thread's namespace, its
// device, addresses and routes. The other end of the wire is put into the namespace of
// process pid, where [RunInternet] waits for it.
func HostSide(pid int, plan wire.Plan) error {
	if err := connect(pid); err != nil {
		return err
	}
	return configure(hostDevice, plan.Host.Addrs())
}

func readPlan(r *bufio.Reader) ([]byte, wire.Plan, error) {
	var plan wire.Plan
	line, err := readLine(r, maxPlan)
	if err != nil {
		return nil, plan, fmt.Errorf("plan: want one line of JSON: %w", err)
	}
	if err := json.Unmarshal(line, &plan); err != nil {
		return nil, plan, fmt.Errorf("plan: %w", err)
	}
	return line, plan, nil
}

// readLine reads up to and with the next line end.
func readLine(r *bufio.Reader, limit int) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > limit:
			return nil, fmt.Errorf("more than %d bytes", limit)
		case errors.Is(err, bufio.ErrBufferFull):
		case err != nil:
			return line, err
		default:
			return line, nil
		}
	}
}
