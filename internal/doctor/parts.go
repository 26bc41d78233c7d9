package doctor

import (
	"context"
	"strings"
)

func (e exam) nodeImage(ctx context.Context) finding {
	if e.infoErr != nil {
		return silent()
	}
	for _, ref := range e.Nodes {
		has, err := e.Docker.HasImage(ctx, ref)
		if err != nil {
			return cannotTell(fixEngine, "ask Docker for %s: %v", ref, err)
		}
		if has {
			return ok("%s", ref)
		}
	}
	return cannotTell("make setup gets one", "Docker has none of %s; podlab will try its registry", strings.Join(e.Nodes, ", "))
}

func (e exam) labImages(ctx context.Context) finding {
	if e.infoErr != nil {
		return silent()
	}
	var missing []string
	for _, ref := range e.Labs {
		has, err := e.Docker.HasImage(ctx, ref)
		if err != nil {
			return cannotTell(fixEngine, "ask Docker for %s: %v", ref, err)
		}
		if !has {
			missing = append(missing, ref)
		}
	}
	if len(missing) > 0 {
		return problem("make setup builds them", "Docker does not have %s", strings.Join(missing, ", "))
	}
	return ok("%s", strings.Join(e.Labs, ", "))
}

func (e exam) cluster(ctx context.Context) finding {
	if e.infoErr != nil {
		return silent()
	}
	state, why, err := e.Docker.ClusterState(ctx)
	if err != nil {
		return cannotTell("podlab status", "%v", err)
	}
	if why != "" {
		why = ": " + why
	}
	switch state {
	case "running":
		return ok("it is up")
	case "absent", "stopped":
		return ok("%s; podlab brings it up when a lab needs it", state)
	case "half-made", "broken":
		return problem("podlab up --rebuild", "%s%s", state, why)
	case "foreign":
		return problem("podlab --name OTHER, or delete that cluster yourself", "a cluster of this name is not podlab's%s", why)
	}
	return cannotTell("podlab status", "its state is %q%s", state, why)
}
