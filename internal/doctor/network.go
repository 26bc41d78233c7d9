package doctor

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

func (e exam) port(context.Context) finding {
	if err := e.Host.TryListen(); err != nil {
		return problem("see what keeps programs from listening on 127.0.0.1: a firewall, or too many open ports",
			"no port can be had on 127.0.0.1, where the cluster's API goes: %v", err)
	}
	return ok("127.0.0.1 has free ports for the cluster's API")
}

// proxy looks at the variables that kind hands on to its nodes.
func (e exam) proxy(context.Context) finding {
	var set []string
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY"} {
		value := e.Host.Getenv(name)
		if value == "" {
			value = e.Host.Getenv(strings.ToLower(name))
		}
		if value == "" {
			continue
		}
		set = append(set, name)
		if u, err := url.Parse(value); err == nil && isLoopback(u.Hostname()) {
			return problem("give the proxy an address that is not 127.0.0.1, or unset "+name,
				"%s is %s, which inside a node means the node itself", name, value)
		}
	}
	if len(set) == 0 {
		return ok("none is set")
	}
	return ok("%s: kind hands it on to the nodes and keeps the cluster's own addresses out of it", strings.Join(set, " and "))
}

// pools returns the subnets that Docker gives to new networks by itself, in the order in which it takes them.
func pools() []netip.Prefix {
	var all []netip.Prefix
	for b := byte(17); b <= 31; b++ {
		all = append(all, netip.PrefixFrom(netip.AddrFrom4([4]byte{172, b, 0, 0}), 16))
	}
	for c := 0; c < 256; c += 16 {
		all = append(all, netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 168, byte(c), 0}), 20))
	}
	return all
}

const fixSubnet = "disconnect the VPN, or set default-address-pools in Docker's daemon.json to addresses that no route of yours covers"

// subnet looks for routes, as a VPN makes them, that take the nodes' addresses away or leave Docker none to give.
func (e exam) subnet(ctx context.Context) finding {
	if e.infoErr != nil {
		return silent()
	}
	networks, err := e.Docker.Networks(ctx)
	if err != nil {
		return cannotTell(fixEngine, "Docker does not tell its networks: %v", err)
	}
	if !e.onThisMachine() {
		return cannotTell("if the nodes cannot be reached, disconnect the VPN and try again", "the routes are not this machine's")
	}
	text, err := e.Host.ReadFile("/proc/net/route")
	if err != nil {
		return cannotTell("see with ip route that no VPN covers Docker's addresses", "%v", err)
	}
	routes, err := parseRoutes(string(text))
	if err != nil {
		return cannotTell("see with ip route that no VPN covers Docker's addresses", "%v", err)
	}
	if i := slices.IndexFunc(networks, func(n Network) bool { return n.Name == e.Network }); i >= 0 {
		return shadowed(networks[i], routes)
	}
	return room(e.Network, networks, routes)
}

// shadowed asks whether another interface takes the network's addresses: Linux prefers the longer prefix.
func shadowed(n Network, routes []route) finding {
	for _, s := range n.Subnets {
		subnet, err := netip.ParsePrefix(s)
		if err != nil || !subnet.Addr().Is4() {
			continue
		}
		for _, r := range routes {
			bridge, isBridge := strings.CutPrefix(r.iface, "br-")
			own := isBridge && strings.HasPrefix(n.ID, bridge)
			if !own && r.dest.Bits() >= subnet.Bits() && r.dest.Overlaps(subnet) {
				return problem(fixSubnet, "the route to %s by %s covers the network %s (%s)", r.dest, r.iface, n.Name, subnet)
			}
		}
	}
	return ok("no route covers the network %s (%s)", n.Name, strings.Join(n.Subnets, ", "))
}

// room asks whether Docker will find a subnet for a new network: it takes the first that overlaps no route and no network.
// The default route does not count, a VPN's pair 0.0.0.0/1 and 128.0.0.0/1 does.
func room(name string, networks []Network, routes []route) finding {
	var taken []netip.Prefix
	for _, r := range routes {
		if r.dest.Bits() > 0 {
			taken = append(taken, r.dest)
		}
	}
	for _, n := range networks {
		for _, s := range n.Subnets {
			if p, err := netip.ParsePrefix(s); err == nil {
				taken = append(taken, p)
			}
		}
	}
	for _, pool := range pools() {
		if !slices.ContainsFunc(taken, pool.Overlaps) {
			return ok("%s is free for the network %s, which is not there yet", pool, name)
		}
	}
	return problem(fixSubnet, "routes and networks cover every address that Docker gives to networks by default")
}

type route struct {
	iface string
	dest  netip.Prefix
}

// parseRoutes reads /proc/net/route, where addresses are in the machine's byte order: little-endian on all that podlab is for.
func parseRoutes(text string) ([]route, error) {
	var routes []route
	for _, line := range strings.Split(strings.TrimSpace(text), "\n")[1:] {
		f := strings.Fields(line)
		if len(f) < 8 {
			return nil, fmt.Errorf("/proc/net/route has a line that podlab cannot read: %q", line)
		}
		dest, err1 := parseAddr(f[1])
		mask, err2 := parseAddr(f[7])
		if err1 != nil || err2 != nil {
			return nil, fmt.Errorf("/proc/net/route has a line that podlab cannot read: %q", line)
		}
		b := mask.As4()
		bits := 0
		for m := binary.BigEndian.Uint32(b[:]); m&(1<<31) != 0; m <<= 1 {
			bits++
		}
		routes = append(routes, route{f[0], netip.PrefixFrom(dest, bits)})
	}
	return routes, nil
}

func parseAddr(s string) (netip.Addr, error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != 4 {
		return netip.Addr{}, fmt.Errorf("%q is no address", s)
	}
	return netip.AddrFrom4([4]byte{b[3], b[2], b[1], b[0]}), nil
}
