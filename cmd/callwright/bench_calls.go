package main

import "github.com/spf13/cobra"

func benchCallsCommand() *cobra.Command { return &cobra.Command{Use: "calls", Hidden: true} }
