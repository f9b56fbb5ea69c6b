package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"strictmx/containers"
)

func cleanCommand() *cobra.Command {
	var images bool
	c := &cobra.Command{
		Use: "clean", Short: "remove all containers of labs, and with --images the images", Args: cobra.NoArgs,
		Long: `clean removes every container that strictmx made, those of runs that are going on
too. A run removes what dead runs left by itself; clean is for when nothing of
strictmx should be on the machine.`,
		RunE: func(c *cobra.Command, _ []string) error {
			e, err := containers.Open(c.Context())
			if err != nil {
				return labError(err)
			}
			defer e.Close()
			n, m, err := e.Clean(c.Context(), images)
			fmt.Fprintf(c.OutOrStdout(), "removed %d containers and %d images\n", n, m)
			return labError(err)
		},
	}
	c.Flags().BoolVar(&images, "images", false, "remove the images too")
	return c
}
