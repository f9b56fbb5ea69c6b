package maillog

import (
	"regexp"
	"strings"
)

// stops tells a line after which mail does not move: a program that died, a
// service that master(8) holds back, the warnings after which Postfix tries again for
// ever without a status= line, and a milter that keeps local mail in the maildrop for
// now.
func stops(l Line) bool {
	switch l.Severity {
	case Fatal, Panic:
		return true
	case Warning, Error:
		return stuck.MatchString(strings.TrimSpace(l.QueueID + ": " + l.Text))
	}
	return l.Program == "cleanup" && keptOut.MatchString(l.Text)
}

// keptOut is a temporary refusal by a milter, or for want of one.
var keptOut = regexp.MustCompile(`^milter-reject: .*: 4\.[0-9]+\.[0-9]+ `)

var stuck = regexp.MustCompile(strings.Join([]string{
	`: bad command startup -- throttling$`, // master: the program ends as soon as it starts
	`process .* killed by signal [0-9]+$`,  // master: the program crashed
	` is unavailable\. `,                   // a table: no such file, or of a type that is not installed
	`open database .*: No such file`,       // the same in words of older versions
	`: unsupported dictionary type: `,
	`map lookup problem .* -- message not accepted`, // cleanup: mail stays in maildrop
	`mail_queue_enter: create file `,                // postdrop: tries for ever
	`connect #[0-9]+ to subsystem .*: No such file`, // a service that master.cf lacks
}, "|"))
