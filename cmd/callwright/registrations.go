package main

import (
	"context"
	"fmt"
	"net/url"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/callwright/callwright/engine/api"
)

func registrationsCommand() *cobra.Command {
	var f clientFlags
	var remove string
	c := &cobra.Command{
		Use:   "registrations",
		Short: "Phones that are registered; --remove USER forgets a user's",
		Args:  takes(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			if remove != "" {
				var got struct{ Removed int }
				if err := f.ask(c.Context(), "DELETE", "/v1/registrations/"+url.PathEscape(remove), &got); err != nil {
					return err
				}
				fmt.Fprintf(c.OutOrStdout(), "%d removed\n", got.Removed)
				return nil
			}
			var got struct{ Registrations []api.RegistrationView }
			if err := f.ask(c.Context(), "GET", "/v1/registrations", &got); err != nil {
				return err
			}
			if f.printJSON {
				return printLines(c.OutOrStdout(), got.Registrations)
			}
			w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "USER\tCONTACT\tQ\tEXPIRES\tSOURCE\tAGENT")
			for _, r := range got.Registrations {
				fmt.Fprintf(w, "%s\t%s\t%g\t%s\t%s\t%s\n", printable(r.User), printable(r.Contact), r.Q,
					time.Until(r.Until).Round(time.Second), r.Source, printable(dash(r.Agent)))
			}
			return w.Flush()
		},
	}
	f.register(c)
	c.Flags().StringVar(&remove, "remove", "", "user whose phones are to be forgotten")
	return c
}

// maxRegistered bounds what one question lists.
const maxRegistered = 10_000

func (o *operator) Registrations(ctx context.Context) ([]api.RegistrationView, error) {
	list, err := o.engine.Registrations(ctx, maxRegistered)
	views := []api.RegistrationView{}
	for _, b := range list {
		views = append(views, api.RegistrationView{User: b.User, Contact: b.URI, Q: float64(b.Q) / 1000, Until: b.Until,
			Source: b.Flow.Transport + " " + b.Flow.Remote, Agent: b.Agent, Path: b.Path})
	}
	return views, err
}

func (o *operator) Unregister(ctx context.Context, user string) (int, error) {
	return o.engine.Unregister(ctx, user)
}
