package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/callwright/callwright/engine/api"
)

func clusterCommand() *cobra.Command {
	var f clientFlags
	c := &cobra.Command{
		Use:   "cluster",
		Short: "The brains that share one log: members, who is active, epoch, lease, virtual IP",
		Args:  takes(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			return f.cluster(c, "GET", "/v1/cluster", nil)
		},
	}
	f.register(c)
	c.AddCommand(clusterAdd(), clusterRemove(), clusterTransfer())
	return c
}

func clusterAdd() *cobra.Command {
	var f clientFlags
	c := &cobra.Command{
		Use:   "add NAME=IP:PORT",
		Short: "Take a member in, or give it another address; it was started with --join. A witness is witness:NAME=IP:PORT",
		Args:  takes(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			m, err := parseMember(args[0])
			if err != nil {
				return refuse("%s: %w", args[0], err)
			}
			body, err := json.Marshal(api.PeerView{Name: m.Name, Addr: m.Addr, Witness: m.Witness})
			if err != nil {
				return err
			}
			return f.cluster(c, "POST", "/v1/cluster/members", bytes.NewReader(body))
		},
	}
	f.register(c)
	return c
}

func clusterRemove() *cobra.Command {
	var f clientFlags
	c := &cobra.Command{
		Use:   "remove NAME",
		Short: "Take a member's vote; end its process afterwards",
		Args:  takes(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			return f.cluster(c, "DELETE", "/v1/cluster/members/"+url.PathEscape(args[0]), nil)
		},
	}
	f.register(c)
	return c
}

func clusterTransfer() *cobra.Command {
	var f clientFlags
	c := &cobra.Command{
		Use:   "transfer [NAME]",
		Short: "Hand over from the active brain to another, without a BYE",
		Args:  takes(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			return f.cluster(c, "POST", "/v1/cluster/transfer?to="+url.QueryEscape(strings.Join(args, "")), nil)
		},
	}
	f.register(c)
	return c
}

func (f *clientFlags) cluster(c *cobra.Command, method, path string, body io.Reader) error {
	cl, err := f.connect()
	if err != nil {
		return err
	}
	var v api.ClusterView
	if err := cl.send(c.Context(), method, path, body, &v); err != nil {
		return err
	}
	if f.printJSON {
		return json.NewEncoder(c.OutOrStdout()).Encode(v)
	}
	return printCluster(c.OutOrStdout(), v)
}

func printCluster(out io.Writer, v api.ClusterView) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "this brain\t%s, %s\n", v.Name, v.Role)
	fmt.Fprintf(w, "active\t%s, epoch %d, at %s\n", dash(v.Active), v.Epoch, dash(v.HTTP))
	if v.VIP != "" {
		fmt.Fprintf(w, "virtual IP\t%s\n", v.VIP)
	}
	if v.LeaseMs > 0 {
		fmt.Fprintf(w, "lease\t%.0f ms left\n", v.LeaseMs)
	}
	fmt.Fprintf(w, "log\tentry %d, %d in memory\n", v.Index, v.Applied)
	for _, m := range v.Members {
		state := "follows"
		switch {
		case m.Leader:
			state = "leads"
		case m.Silent != "":
			state = "does not answer, for " + m.Silent
		case v.Role != "active":
			state = "-"
		}
		kind := "brain"
		if m.Witness {
			kind = "witness"
		}
		fmt.Fprintf(w, "%s %s\t%s, %s\n", kind, m.Name, m.Addr, state)
	}
	return w.Flush()
}
