package main

import (
	"strings"

	"github.com/spf13/cobra"

	"strictmx/internal/schema"
)

func schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use: "schema " + strings.Join(schema.Names(), "|"), Short: "print the JSON Schema of the files that you write",
		Long: `schema prints a JSON Schema, with which editors complete and check files. A YAML
file names it in its first line, for editors that use the YAML language server:

  # yaml-language-server: $schema=profile.schema.json`,
		Example: "  strictmx schema profile > profile.schema.json",
		Args:    cobra.ExactArgs(1), ValidArgs: schema.Names(),
		RunE: func(c *cobra.Command, args []string) error {
			b, err := schema.JSON(args[0])
			if err != nil {
				return err
			}
			_, err = c.OutOrStdout().Write(b)
			return err
		},
	}
}
