package main

import (
	"strictmx/containers/postfix"
	"strictmx/internal/lab"
)

// base is the configuration that scenarios add to.
func base() lab.Base {
	return lab.Base{MainCF: postfix.BaseMainCF, MasterCF: postfix.BaseMasterCF}
}
