package mta

import (
	"bufio"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"

	"strictmx/internal/wire"
)

// Where Debian has OpenDKIM, its configuration, and the keys.
const (
	opendkim     = "/usr/sbin/opendkim"
	opendkimConf = "/etc/opendkim.conf"
	keyDir       = "/etc/dkimkeys/"
	opendkimUser = "opendkim"
)

// milterComplaint is where OpenDKIM says which line is wrong: "configuration error
// at line 3".
var milterComplaint = regexp.MustCompile(`at line (\d+)`)

// milterError is the error for a configuration that OpenDKIM does not accept.
func milterError(words string) *wire.Error {
	e := &wire.Error{Kind: KindMilter, File: opendkimConf, Message: words}
	if m := milterComplaint.FindStringSubmatch(words); m != nil {
		e.Line, _ = strconv.Atoi(m[1]) // 0 for more digits than a line has
	}
	return e
}

// A milterSocket is where a milter takes connections.
type milterSocket struct {
	network, address string // for [net.Dial]
	path             string // of a local one
}

// socketOf finds it in OpenDKIM's configuration. The forms are those of
// opendkim.conf(5): inet:PORT@HOST, inet6:PORT@HOST, local:PATH, PATH.
func socketOf(conf string) (milterSocket, error) {
	spec := ""
	for s := bufio.NewScanner(strings.NewReader(conf)); s.Scan(); {
		words := strings.Fields(s.Text())
		if len(words) == 2 && strings.EqualFold(words[0], "Socket") {
			spec = words[1]
		}
	}
	kind, rest, typed := strings.Cut(spec, ":")
	switch {
	case spec == "":
		return milterSocket{}, fmt.Errorf("want a line such as Socket inet:8891@localhost")
	case !typed || kind == "local" || kind == "unix":
		path := rest
		if !typed {
			path = spec
		}
		return milterSocket{"unix", path, path}, nil
	case kind == "inet" || kind == "inet6":
		port, host, _ := strings.Cut(rest, "@")
		if host == "" {
			host = "localhost"
		}
		network := "tcp4"
		if kind == "inet6" {
			network = "tcp6"
		}
		return milterSocket{network, net.JoinHostPort(strings.Trim(host, "[]"), port), ""}, nil
	}
	return milterSocket{}, fmt.Errorf("socket %s: want inet:PORT@HOST, inet6:PORT@HOST or local:PATH", spec)
}
