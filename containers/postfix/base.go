package postfix

import _ "embed"

// BaseMainCF is the main.cf that a lab starts from: what a new Debian server has
// for sending mail, with the time-outs of a network in which nothing is slow by
// accident. It names no host; myhostname is for the user to set.
//
//go:embed base/main.cf
var BaseMainCF string

// BaseMasterCF is Debian's master.cf without its comments.
//
//go:embed base/master.cf
var BaseMasterCF string
