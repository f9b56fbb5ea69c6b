package mta

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"strictmx/internal/wire"
)

// What Postfix 3.7.11 printed.
func TestConfigErrorHasFileAndLine(t *testing.T) {
	files := map[string]string{
		"main.cf":   "a = b\n# smtp_connect_timeout = 1\nsmtp_connect_timeout = abc\ndefault_process_limit=zz\n",
		"master.cf": "smtp inet n - y - - smtpd\nsmtp  inte n - - - - smtpd\nrelay unix - - y - - smtp\n  -o smtp_helo_timeout=q\n",
	}
	for _, tt := range []struct {
		printed string
		want    wire.Error
	}{
		{
			"postconf: fatal: /etc/postfix/main.cf, line 3: missing '=' after attribute name: \"foo bar\"\n",
			wire.Error{File: "main.cf", Line: 3},
		},
		{"postconf: fatal: file /etc/postfix/master.cf: line 138: bad field count\n", wire.Error{File: "master.cf", Line: 138}},
		{"postconf: fatal: invalid type field \"inte\" in \"smtp  inte n - - - - smtpd\"\n", wire.Error{File: "master.cf", Line: 2}},
		{"smtp: fatal: parameter smtp_connect_timeout: bad time value or unit: abc", wire.Error{File: "main.cf", Line: 3}},
		{"smtp: fatal: parameter smtp_helo_timeout: bad time value or unit: q", wire.Error{File: "master.cf", Line: 4}},
		{"postmap: fatal: bad numerical configuration: default_process_limit = zz\n", wire.Error{File: "main.cf", Line: 4}},
		{"smtp: fatal: out of memory", wire.Error{}},
		{"smtp: fatal: parameter of_nobody: bad", wire.Error{}},
	} {
		tt.want.Kind, tt.want.Message = KindConfig, strings.TrimSpace(tt.printed)
		got := configError("some: warning: before\n"+tt.printed, files)
		if d := cmp.Diff(tt.want, *got); d != "" {
			t.Errorf("configError(%q): (-want +got)\n%s", tt.printed, d)
		}
	}
}

func TestTables(t *testing.T) {
	main := `alias_database = hash:/etc/aliases
alias_maps = hash:/etc/aliases, nis:mail.aliases
smtp_tls_session_cache_database = btree:/var/lib/postfix/smtp_scache
transport_maps = lmdb:/etc/postfix/transport pcre:/etc/postfix/t.pcre
virtual_alias_maps = proxy:mysql:/etc/postfix/v.cf, hash:/etc/postfix/virtual, hash:/etc/postfix/virtual
`
	services := `smtp       inet  n       -       y       -       -       smtpd
    -o smtpd_client_restrictions=check_client_access,cidr:/etc/postfix/clients
    -o { smtpd_sender_restrictions = check_sender_access hash:/etc/postfix/senders }
`
	var got []string
	for _, x := range append(tables("main.cf", main), tables("master.cf", services)...) {
		got = append(got, x.Param+" "+x.file())
	}
	want := []string{
		"alias_maps /etc/aliases.db",
		"transport_maps /etc/postfix/transport.lmdb",
		"transport_maps /etc/postfix/t.pcre",
		"virtual_alias_maps /etc/postfix/v.cf",
		"virtual_alias_maps /etc/postfix/virtual.db",
		"smtpd_client_restrictions /etc/postfix/clients",
		"smtpd_sender_restrictions /etc/postfix/senders.db",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("tables: (-want +got)\n%s", d)
	}
}

func TestTableIsFoundWhereItIsNamed(t *testing.T) {
	files := map[string]string{
		"main.cf":   "virtual_alias_maps = hash:$config_directory/old\nvirtual_alias_maps =\n  hash:$config_directory/virtual\n",
		"master.cf": "smtp inet n - y - - smtpd\n  -o x=cidr:$config_directory/clients\n",
	}
	for _, tt := range []struct {
		table table
		file  string
		line  int
	}{
		{table{"hash", "/etc/postfix/virtual", "virtual_alias_maps", "main.cf"}, "main.cf", 2},
		{table{"cidr", "/etc/postfix/clients", "x", "master.cf"}, "master.cf", 2},
		{table{"hash", "/etc/aliases", "alias_maps", "main.cf"}, "", 0}, // a default of Postfix
	} {
		if file, line := tt.table.named(files); file != tt.file || line != tt.line {
			t.Errorf("%v named at %s:%d, want %s:%d", tt.table, file, line, tt.file, tt.line)
		}
	}
}

func TestLacking(t *testing.T) {
	printed := "pickup unix n - y 60 1 pickup\ncleanup unix n - y - 0 cleanup\nqmgr unix n - n 300 1 qmgr\nrewriter unix - - y - - x\n"
	if d := cmp.Diff([]string{"rewrite", "bounce"}, lacking(printed)); d != "" {
		t.Errorf("lacking: (-want +got)\n%s", d)
	}
}

func TestLogHereKeepsLines(t *testing.T) {
	in := "a = b\nmaillog_file = /var/log/x\n  /y\nc = d\nmaillog_file_prefixes = /var\n"
	want := "a = b\nmaillog_file =\n#\nc = d\nmaillog_file_prefixes = /var\n"
	if got := logHere(in); got != want {
		t.Errorf("logHere(%q) = %q, want %q", in, got, want)
	}
}

func FuzzLogHere(f *testing.F) {
	f.Add("a = b\nmaillog_file = /var/log/x\n  /y\nc = d\n")
	f.Add("maillog_file=\n")
	f.Fuzz(func(t *testing.T, s string) {
		got := logHere(s)
		if strings.Count(got, "\n") != strings.Count(s, "\n") {
			t.Errorf("logHere(%q) = %q: other lines", s, got)
		}
		if logHere(got) != got {
			t.Errorf("logHere(%q) is not settled: %q", s, logHere(got))
		}
	})
}

func FuzzConfigError(f *testing.F) {
	main, master := "a = b\nsmtp_connect_timeout = abc\n", "smtp inet n - y - - smtpd\n"
	f.Add("smtp: fatal: parameter smtp_connect_timeout: bad time value or unit: abc")
	f.Add("postconf: fatal: invalid type field \"inte\" in \"smtp inet n - y - - smtpd\"")
	f.Fuzz(func(t *testing.T, words string) {
		e := configError(words, map[string]string{"main.cf": main, "master.cf": master})
		if e.File == "" && e.Line != 0 || strings.TrimSpace(words) != "" && e.Message == "" {
			t.Errorf("configError(%q) = %+v", words, e)
		}
	})
}
