package main

import "strictmx/internal/lab"

// base is the configuration that scenarios add to.
func base() lab.Base { return lab.Base{} }
