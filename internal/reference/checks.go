package reference

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"strictmx/fakemx/check"
)

// Checks writes all methods as a document: what each finds out, its values, and its
// settings.
func Checks(w io.Writer) error {
	var b strings.Builder
	b.WriteString(`# Checks

Made from package fakemx/check by ` + "`make golden`" + `; do not edit. A check turns what a receiver knows into a value, with a
reason. Conditions of a table ask for the value (` + "`spf: fail or softfail`, `iprev: not pass`" + `) or for a facet
(` + "`dmarc.policy: reject`" + `); replies may quote ` + "`{spf.value}`, `{spf.reason}`, `{spf.domain}`" + `, facets and properties. The
stage is the earliest at which the check can be asked.

A table sets a check up in its own way under ` + "`checks:`" + `, with its method if it has a name of its own:

    checks:
      dmarc: {discovery: psl}
      spamhaus: {method: dnsbl, zone: zen.spamhaus.org}
    rules:
      - id: listed
        when: {spamhaus: fail}

`)
	for _, m := range check.Methods {
		writeMethod(&b, m)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeMethod(b *strings.Builder, m check.Method) {
	fmt.Fprintf(b, "## %s\n\n%s.\n\n", m.Name, strings.ToUpper(m.Doc[:1])+m.Doc[1:])
	c, err := m.Make(m.Name, m.Sample())
	if err != nil {
		fmt.Fprintf(b, "%v\n\n", err)
		return
	}
	fmt.Fprintf(b, "Stage: %s.", c.At)
	if c.Counts {
		b.WriteString(" Counts: it is asked once all else of a rule holds, and not after a refusal.")
	}
	if len(c.Needs) > 0 {
		fmt.Fprintf(b, " Takes the results of %s.", strings.Join(c.Needs, " and "))
	}
	b.WriteString("\n\n| value | means that |\n| --- | --- |\n")
	writeValues(b, m.Name, "", c.Values)
	for _, facet := range slices.Sorted(maps.Keys(c.Facets)) {
		writeValues(b, m.Name, facet, c.Facets[facet])
	}
	if len(c.Properties) > 0 {
		fmt.Fprintf(b, "\nProperties: `%s`.\n", strings.Join(c.Properties, "`, `"))
	}
	if len(m.Settings) > 0 {
		b.WriteString("\n| setting | what it is | default |\n| --- | --- | --- |\n")
	}
	for _, s := range m.Settings {
		def := "`" + s.Default + "`"
		switch {
		case s.Required:
			def = "required"
		case s.Default == "":
			def = ""
		}
		name := s.Name
		if s.List {
			name += " (list)"
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", name, cell(s.About()), def)
	}
	b.WriteString("\n")
}

func writeValues(b *strings.Builder, method, facet string, values []string) {
	for _, v := range values {
		text, _ := check.Meaning(method, facet, v)
		key := "`" + v + "`"
		if facet != "" {
			key = "." + facet + " `" + v + "`"
		}
		fmt.Fprintf(b, "| %s | %s |\n", key, cell(text))
	}
}
