package scenarios

import (
	"path"
	"testing"
)

// Errors, and the scenario itself, say the path that is shown, for a line of an
// archive, for one of a file in a directory, and for the file system's own errors.
func TestLoadShown(t *testing.T) {
	fsys := directory("dir", change(t, "title: A plain one", "title:"))
	for name, file := range archive(change(t, "title: A plain one", "title:")) {
		fsys[name] = file
	}
	show := func(p string) string { return path.Join("/srv/mail", p) }
	for name, want := range map[string]string{
		"s.txtar": "/srv/mail/s.txtar:4: title: want a text, not nothing",
		"dir":     "/srv/mail/dir/scenario.yaml:1: title: want a text, not nothing",
		"none":    "/srv/mail/none: want a *.txtar file or a directory with scenario.yaml: file does not exist",
	} {
		if _, err := LoadShown(fsys, show, name); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
	all, err := LoadShown(archive(plain), show)
	if err != nil || len(all) != 1 || all[0].Path != "/srv/mail/s.txtar" || all[0].Name != "s" {
		t.Errorf("LoadShown gave %+v, %v, want s at /srv/mail/s.txtar", all, err)
	}
}
