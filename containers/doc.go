// Package containers makes labs out of containers. A lab is two of them. The node
// is the pretend internet; it has no network but its own. The mail system under
// test joins the node's network. Both run this program's own binary as their first
// process, and the runner is attached to its standard input and output (package
// wire has the protocol).
//
// The use, leaving errors out:
//
//	e, err := containers.Open(ctx)             // finds the engine; *Unavailable if none answers
//	n, err := e.Sweep(ctx)                     // removes what dead runs left
//	images, err := e.Prepare(ctx, report)      // builds the images that are missing
//	lab, err := e.Start(ctx, containers.Lab{Plan: plan, Setup: setup, Images: images, Listen: listen})
//	ev, err := lab.Do(ctx, wire.MailSystem, wire.Command{Op: wire.OpSubmit, Message: &m})
//	err = lab.Close(ctx)                       // returns when both containers are gone
//
// Nothing outlives the runner: when it dies, the engine closes the standard input
// of its containers, their first process ends, and the engine removes them. What
// was created and not yet started is left for [Engine.Sweep].
package containers
