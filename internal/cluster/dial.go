package cluster

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/docker/docker/client"
)

// ErrRefused says that nobody listens on the port.
var ErrRefused = errors.New("connection refused")

// limitDial bounds the wait for a connection.
const limitDial = 5 * time.Second

// dialProgram connects to the address $1 and port $2, says so in a line, and passes bytes both ways. It ends when the other
// side closes, which it says on stderr, or when podlab does: nothing that it started stays.
const dialProgram = `exec 3<>"/dev/tcp/$1/$2" || exit 1
echo connected
exec 4<&0 </dev/null
cat <&3 3<&- 4<&- & reader=$!
cat <&4 >&3 3>&- 4<&- & writer=$!
exec 3>&- 4<&-
wait -n -p first "$reader" "$writer"
ended=$?
if [ "$first" = "$writer" ]; then
	[ "$ended" -ne 0 ] || kill "$reader"
	wait "$reader"
	ended=$?
else
	kill "$writer"
fi
[ "$ended" -ne 0 ] || echo closed >&2
`

// Dial connects from the named node, from the network namespace of the process if pid is not 0. The host is an IP address.
// It gives up after 5 seconds. The connection can have deadlines, and cannot be half closed from here.
func (c *Cluster) Dial(ctx context.Context, nodeName string, pid int, host string, port int) (net.Conn, error) {
	address, err := netip.ParseAddr(host)
	if err != nil || address.Zone() != "" || port < 1 || port > 65535 || pid < 0 {
		return nil, fmt.Errorf("connect to %q, port %d: not an IP address and a port", host, port)
	}
	argv := []string{"bash", "-c", dialProgram, "bash", address.String(), strconv.Itoa(port)}
	if pid != 0 {
		argv = append([]string{"nsenter", "-t", strconv.Itoa(pid), "-n", "--"}, argv...)
	}
	cli, err := c.docker(ctx)
	if err != nil {
		return nil, err
	}
	bounded, cancel := context.WithTimeout(ctx, limitDial)
	defer cancel()
	conn, err := dial(bounded, cli, nodeName, argv)
	if err == nil {
		return conn, nil
	}
	if ctx.Err() == nil && bounded.Err() != nil {
		err = fmt.Errorf("no answer within %s", limitDial)
	}
	return nil, fmt.Errorf("connect to %s from node %s: %w", net.JoinHostPort(host, strconv.Itoa(port)), nodeName, err)
}

func dial(ctx context.Context, cli *client.Client, nodeName string, argv []string) (net.Conn, error) {
	mark := execMark + "=" + rand.Text()
	id, err := startExec(ctx, cli, nodeName, argv, []string{mark, "LC_ALL=C"}, true)
	if err != nil {
		return nil, execErr(ctx, nodeName, err)
	}
	stream, err := attach(ctx, cli, id)
	if err != nil {
		return nil, execErr(ctx, nodeName, err)
	}
	t := newTunnel(stream, func() { killExec(context.WithoutCancel(ctx), cli, nodeName, mark) })
	select {
	case <-t.connected:
		return t, nil
	case <-t.ended:
		stream.Close()
		return nil, t.failure()
	case <-ctx.Done():
		t.kill()
		_ = t.Conn.Close() // nobody reads what the other side may have said already
		stream.Close()
		<-t.ended
		return nil, ctx.Err()
	}
}
