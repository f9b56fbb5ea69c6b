package main

import (
	"encoding/json"
	"errors"
	"os"

	"github.com/spf13/cobra"

	"strictmx/internal/anchor"
	"strictmx/internal/confine"
	"strictmx/internal/mta"
	"strictmx/internal/node"
	"strictmx/internal/wire"
)

// The hidden commands are the first processes of a lab's containers. They read
// orders from standard input and end when it ends.

func anchorCommand() *cobra.Command {
	return &cobra.Command{
		Use: anchor.NodeName, Hidden: true, Args: cobra.NoArgs, Short: "the node's container, for one lab after the other",
		RunE: func(c *cobra.Command, _ []string) error {
			return labError(anchor.RunNode(c.Context(), os.Stdin, os.Stdout, node.HostSide, "/proc/self/exe", "internet"))
		},
	}
}

func mtaAnchorCommand() *cobra.Command {
	return &cobra.Command{
		Use: anchor.MailSystemName, Hidden: true, Args: cobra.NoArgs, Short: "the mail system's container, for one lab after the other",
		RunE: func(c *cobra.Command, _ []string) error {
			return labError(anchor.RunMailSystem(c.Context(), os.Stdin, os.Stdout, "/proc/self/exe", "mta", "--confined"))
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
	confined := ""
	c := &cobra.Command{
		Use: "mta", Hidden: true, Args: cobra.NoArgs, Short: "Postfix's side of a lab",
		RunE: func(c *cobra.Command, _ []string) error {
			if c.Flags().Changed("confined") { // and not by its value, which might be empty
				if err := enter(confined); err != nil {
					return labError(err)
				}
			}
			return labError(mta.Run(c.Context(), os.Stdin, os.Stdout))
		},
	}
	c.Flags().StringVar(&confined, "confined", "", "before, make a system of its own for the machine `NAME`")
	return c
}

// enter makes the mail system's process a system of its own, and says how that went.
func enter(host string) error {
	err := confine.Enter(host)
	ev := wire.Event{Kind: wire.KindDone}
	if err != nil {
		ev = wire.Event{Kind: wire.KindError, Error: &wire.Error{Kind: anchor.KindUnable, Message: err.Error()}}
	}
	return errors.Join(err, json.NewEncoder(os.Stdout).Encode(ev))
}

// labError gives an error the exit code of a broken lab.
func labError(err error) error {
	if err == nil {
		return nil
	}
	return &exitError{code: exitLab, err: err}
}
