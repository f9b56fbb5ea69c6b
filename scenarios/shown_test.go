package scenarios

import (
	"path"
	"testing"
	"testing/fstest"
)

// An error in a receiver is told, and not what follows from it: what a case says of the
// receiver is right.
func TestLoadWithProfiles(t *testing.T) {
	const (
		gmail = "  - {profile: gmail@2014, domains: [gmail.com]}\n"
		red   = "    want: {outcome: bounced}\n"
		cases = "    receivers: {nordpost: {full: you@gmail.com}}\n    down: nordpost ipv4\n    want: {outcome: bounced, receiver: nordpost}\n"
	)
	for _, tt := range []struct {
		name, receiver, files, want string // of the changed scenario, and the errors
	}{
		{"nothing wrong", "{profile: nordpost@2020, domains: gmail.com}", "", ""},
		{"misspelt", "{profile: nordpots, domains: gmail.com}", "", `s.txtar:7: unknown profile "nordpots": did you mean nordpost?`},
		{"misspelt with a version", "{profile: nordpots@2020, domains: gmail.com}", "", `s.txtar:7: unknown profile "nordpots": did you mean nordpost?`},
		{"misspelt, with a name of its own", "{profile: nordpots, name: nord, domains: gmail.com}", "", `s.txtar:7: unknown profile "nordpots": did you mean nordpost?
s.txtar:11: unknown key "nordpost" in the receivers: want one of nord, sender
s.txtar:12: down: there is no receiver nordpost: want one of nord, sender
s.txtar:13: there is no receiver "nordpost": want one of nord, sender`},
		{"unlike all", "{profile: zzz, domains: gmail.com}", "", `s.txtar:7: unknown profile "zzz": want one of gmail, nordpost`},
		{"no profile", "{profle: nordpost, domains: gmail.com}", "", `s.txtar:7: unknown key "profle" in a receiver: did you mean profile?
s.txtar:7: receiver: profile is missing`},
		{"a name that is misspelt", "{profile: gmail, nmae: nordpost, domains: gmail.com}", "", `s.txtar:7: unknown key "nmae" in a receiver: did you mean name?`},
		{"of its own", "{profile: own, name: nordpost, domains: gmail.com}", "-- profiles/mine.yaml --\nname: own\n", ""},
		{"of a case's own", "{profile: own, name: nordpost, domains: gmail.com}", "-- red/profiles/mine.yaml --\nname: 'own'\n", ""},
		{"of its own, misspelt", "{profile: onw, domains: gmail.com}", "-- profiles/mine.yaml --\nname: own\n", `s.txtar:7: unknown profile "onw": did you mean own?`},
		{"one that cannot be known", "{profile: own, name: nordpost, domains: gmail.com}", "-- profiles/mine.yaml --\n{name: own}\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := change(t, gmail, "  - "+tt.receiver+"\n", red, cases, tt.files)
			_, err := LoadWith(archive(text), Options{Profiles: []string{"gmail", "nordpost"}})
			if got := said(err); got != tt.want {
				t.Errorf("LoadWith gave\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

// said is an error's text; none if it is nil.
func said(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// Errors, and the scenario itself, say the path that is shown, for a line of an
// archive, for one of a file in a directory, and for the file system's own errors.
func TestLoadWithShow(t *testing.T) {
	fsys := directory("dir", change(t, "title: A plain one", "title:"))
	for name, file := range archive(change(t, "title: A plain one", "title:")) {
		fsys[name] = file
	}
	fsys["dir/messages/dates.eml"] = &fstest.MapFile{Data: []byte("From: me@example.com\n")}
	show := func(p string) string { return path.Join("/srv/mail", p) }
	for name, want := range map[string]string{
		"s.txtar": "/srv/mail/s.txtar:4: title: want a text, not nothing",
		"dir": "/srv/mail/dir/messages/dates.eml: no case sends this message: name it under send, as in message: messages/dates.eml\n" +
			"/srv/mail/dir/scenario.yaml:1: title: want a text, not nothing",
		"none": "/srv/mail/none: want a *.txtar file or a directory with scenario.yaml: file does not exist",
	} {
		if _, err := LoadWith(fsys, Options{Show: show}, name); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
	all, err := LoadWith(archive(plain), Options{Show: show})
	if err != nil || len(all) != 1 || all[0].Path != "/srv/mail/s.txtar" || all[0].Name != "s" {
		t.Errorf("LoadWith gave %+v, %v, want s at /srv/mail/s.txtar", all, err)
	}
}
