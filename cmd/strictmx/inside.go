package main

import (
	"os"

	"github.com/spf13/cobra"

	"strictmx/internal/anchor"
	"strictmx/internal/mta"
	"strictmx/internal/node"
)

// The hidden commands are the first processes of a lab's containers. They read
// orders from standard input and end when it ends.

func anchorCommand() *cobra.Command {
	return &cobra.Command{
		Use: anchor.Name, Hidden: true, Args: cobra.NoArgs, Short: "the node's container, for one lab after the other",
		RunE: func(c *cobra.Command, _ []string) error {
			return labError(anchor.Run(c.Context(), os.Stdin, os.Stdout, "/proc/self/exe", "node"))
		},
	}
}

func nodeCommand() *cobra.Command {
	return &cobra.Command{
		Use: "node", Hidden: true, Args: cobra.NoArgs, Short: "the pretend internet's side of a lab",
		RunE: func(c *cobra.Command, _ []string) error {
			return labError(node.Run(c.Context(), os.Stdin, os.Stdout, "/proc/self/exe", "internet"))
		},
	}
}

func internetCommand() *cobra.Command {
	return &cobra.Command{
		Use: "internet", Hidden: true, Args: cobra.NoArgs, Short: "DNS server and receivers, in a network namespace of their own",
		RunE: func(c *cobra.Command, _ []string) error {
			return labError(node.RunInternet(c.Context(), os.Stdin, os.Stdout))
		},
	}
}

func mtaCommand() *cobra.Command {
	return &cobra.Command{
		Use: "mta", Hidden: true, Args: cobra.NoArgs, Short: "Postfix's side of a lab",
		RunE: func(c *cobra.Command, _ []string) error {
			return labError(mta.Run(c.Context(), os.Stdin, os.Stdout))
		},
	}
}

// labError gives an error the exit code of a broken lab.
func labError(err error) error {
	if err == nil {
		return nil
	}
	return &exitError{code: exitLab, err: err}
}
