// Package containers makes labs out of containers. A lab is two of them. The node
// is the pretend internet; it has no network but its own. The mail system under
// test joins the node's network. Both run this program's own binary as their first
// process, and the runner is attached to its standard input and output (package
// wire has the protocol).
//
// Both are kept for the next lab (package anchor), unless [Lab.Fresh] says otherwise
// or the engine does not let a container hold one mail system after the other: then
// [Engine.Report] is told, once, and each lab has a mail system's container of its own.
// A container in which anything went wrong is removed.
//
// The use, leaving errors out:
//
//	e, err := containers.Open(ctx)             // finds the engine; *Unavailable if none answers
//	n, err := e.Sweep(ctx)                     // removes what dead runs left
//	images, err := e.Prepare(ctx, report)      // builds the images that are missing
//	lab, err := e.Start(ctx, containers.Lab{Plan: plan, Setup: setup, Images: images, Listen: listen})
//	ev, err := lab.Do(ctx, wire.MailSystem, wire.Command{Op: wire.OpSubmit, Message: &m})
//	err = lab.Close(ctx)                       // returns when all its processes have ended
//	err = e.Close()                            // removes the containers
//
// Nothing outlives the runner: when it dies, the engine closes the standard input
// of its containers, their first process ends, and the engine removes them. What
// was created and not yet started is left for [Engine.Sweep].
package containers
