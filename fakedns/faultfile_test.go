package fakedns

import (
	"testing"
	"testing/fstest"
)

// Nothing is wrong with a fault that was read, and what is wrong has a line.
func FuzzFaults(f *testing.F) {
	f.Add("- {name: a, type: TXT, fault: servfail}\n")
	f.Add("- {name: '*.a', fault: delay, delay: 3s, times: 2}\n- name: 2001:db8::1\n  fault: x\n")
	f.Add("- {name: \"a b\", name: 010}\n- [&a b]\n--- x\n")
	f.Fuzz(func(t *testing.T, text string) {
		r := &faultReader{file: "faults.yaml"}
		for _, item := range r.items(text) {
			before := len(r.errs)
			fault, ok := r.fault(item)
			if ok != (len(r.errs) == before) {
				t.Errorf("%q: fault = %v with %d errors", text, ok, len(r.errs)-before)
			}
			if err := fault.Validate(); ok && err != nil {
				t.Errorf("%q: %v", text, err)
			}
		}
		_, err := Load(fstest.MapFS{"faults.yaml": {Data: []byte(text)}})
		if err == nil && len(r.errs) > 0 {
			t.Errorf("%q: no error, want %v", text, r.errs)
		}
	})
}
