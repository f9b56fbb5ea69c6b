package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// An engineAPI asks the container engine what is the case, by other means than the
// code under test.
type engineAPI struct {
	network, address string // of the engine's socket
	client           *http.Client
}

func openEngineAPI(host string) (*engineAPI, error) {
	u, err := url.Parse(host)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "unix" && u.Scheme != "tcp" {
		return nil, fmt.Errorf("engine at %s: these tests want a socket of the kind unix or tcp", host)
	}
	e := &engineAPI{network: u.Scheme, address: u.Host + u.Path}
	e.client = &http.Client{Transport: e.transport()}
	return e, nil
}

// transport connects to the engine whatever host is asked for.
func (e *engineAPI) transport() *http.Transport {
	return &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, e.network, e.address)
	}}
}

// call does one request. The answer is decoded into out, or returned raw if that is
// nil.
func (e *engineAPI) call(ctx context.Context, method, path string, in, out any) ([]byte, error) {
	var body bytes.Buffer
	if in != nil {
		if err := json.NewEncoder(&body).Encode(in); err != nil {
			return nil, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://engine"+path, &body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := e.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	if res.StatusCode >= 300 {
		return nil, fmt.Errorf("%s %s: %s: %s", method, path, res.Status, bytes.TrimSpace(b))
	}
	if out != nil {
		return nil, json.Unmarshal(b, out)
	}
	return b, nil
}

// A box is a container of a lab.
type box struct {
	ID     string `json:"Id"`
	Names  []string
	State  string
	Labels map[string]string
}

func (b box) String() string { return strings.Join(b.Names, " ") + " (" + b.State + ")" }

// boxes lists the containers, in whatever state, that a process made.
func (e *engineAPI) boxes(ctx context.Context, pid int) ([]box, error) {
	filters, err := json.Marshal(map[string][]string{"label": {"strictmx=1", "strictmx.pid=" + strconv.Itoa(pid)}})
	if err != nil {
		return nil, err
	}
	var out []box
	_, err = e.call(ctx, http.MethodGet, "/containers/json?all=1&filters="+url.QueryEscape(string(filters)), nil, &out)
	return out, err
}

// exec runs a shell script in a container and returns what it printed.
func (e *engineAPI) exec(ctx context.Context, id, script string) (string, error) {
	var made struct {
		ID string `json:"Id"`
	}
	_, err := e.call(ctx, http.MethodPost, "/containers/"+id+"/exec", map[string]any{
		"AttachStdout": true, "AttachStderr": true, "Cmd": []string{"bash", "-c", script},
	}, &made)
	if err != nil {
		return "", err
	}
	stream, err := e.call(ctx, http.MethodPost, "/exec/"+made.ID+"/start", map[string]any{"Detach": false, "Tty": false}, nil)
	if err != nil {
		return "", err
	}
	// Each piece of output has a header of eight bytes, the last four its length.
	var out strings.Builder
	for len(stream) >= 8 {
		n := 8 + int(binary.BigEndian.Uint32(stream[4:8]))
		if n > len(stream) {
			return "", fmt.Errorf("output of the script: want %d bytes, got %d", n, len(stream))
		}
		out.Write(stream[8:n])
		stream = stream[n:]
	}
	return out.String(), nil
}

// A step is a kind of request to the engine.
type step string

const (
	lookImage step = "look for an image"
	create    step = "create a container"
	attach    step = "attach to a container"
	start     step = "start a container"
	remove    step = "remove a container"
	importing step = "import an image"
)

var steps = []struct {
	method string
	path   *regexp.Regexp
	step   step
}{
	{http.MethodGet, regexp.MustCompile(`/images/.+/json$`), lookImage},
	{http.MethodPost, regexp.MustCompile(`/containers/create$`), create},
	{http.MethodPost, regexp.MustCompile(`/containers/[^/]+/attach$`), attach},
	{http.MethodPost, regexp.MustCompile(`/containers/[^/]+/start$`), start},
	{http.MethodDelete, regexp.MustCompile(`/containers/[^/]+$`), remove},
	{http.MethodPost, regexp.MustCompile(`/images/create$`), importing},
}

func stepOf(r *http.Request) step {
	for _, s := range steps {
		if r.Method == s.method && s.path.MatchString(r.URL.Path) {
			return s.step
		}
	}
	return ""
}

// A watch is shown the requests of a run, and says what is to happen.
type watch struct {
	// before is called with a request's kind and the how-manieth of that it is. The
	// engine gets the request when it returns, even if the run is dead by then,
	// unless it has written an answer itself and says so.
	before func(s step, n int, w http.ResponseWriter) (answered bool)
	// after is called when the request was answered. Nil is allowed.
	after func(s step, n int)
}

// openTap opens a socket through which one run speaks to the engine, and returns
// what to set DOCKER_HOST to.
func openTap(t *testing.T, e *engineAPI, watch watch) (host string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "tap-") // t.TempDir makes paths too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "engine.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	// Answers to runs that were killed are lost, and nobody needs to read of it.
	srv := &http.Server{ErrorLog: log.New(io.Discard, "", 0), Handler: &tap{watch: watch, engine: e.proxy(), seen: map[step]int{}}}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	t.Cleanup(func() {
		srv.Close()
		<-served
	})
	return "unix://" + path
}

// proxy passes requests on to the engine. What it was asked for, the engine does,
// whether or not the run that asked still lives.
func (e *engineAPI) proxy() http.Handler {
	return &httputil.ReverseProxy{
		Transport:     e.transport(),
		FlushInterval: -1,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: "engine"})
			r.Out.Host = r.In.Host
			r.Out = r.Out.WithContext(context.WithoutCancel(r.In.Context()))
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, `{"message":"tap: `+err.Error()+`"}`, http.StatusBadGateway)
		},
	}
}

// A tap is the server behind such a socket.
type tap struct {
	watch
	engine http.Handler

	mu   sync.Mutex
	seen map[step]int
}

func (p *tap) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s := stepOf(r)
	if s == "" {
		p.engine.ServeHTTP(w, r)
		return
	}
	if s == create {
		// All of it is here before the run may be killed.
		b, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(b))
	}
	p.mu.Lock()
	if s == remove && p.seen[create] == 0 {
		// The sweep before a run removes what dead runs left, of other tests too: it is
		// no step of this run.
		p.mu.Unlock()
		p.engine.ServeHTTP(w, r)
		return
	}
	p.seen[s]++
	n := p.seen[s]
	p.mu.Unlock()
	if p.after != nil {
		defer p.after(s, n)
	}
	if !p.before(s, n, w) {
		p.engine.ServeHTTP(w, r)
	}
}
