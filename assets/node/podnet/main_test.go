package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestCNIConfigIsValidAndCarriesTheRange(t *testing.T) {
	var got struct {
		Plugins []struct {
			Type string
			IPAM struct {
				Ranges [][]struct{ Subnet string }
			}
		}
	}
	if err := json.Unmarshal([]byte(cniConfig("10.244.3.0/24")), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Plugins) != 2 || got.Plugins[0].Type != "bridge" || got.Plugins[1].Type != "portmap" {
		t.Fatalf("plugins: %+v", got.Plugins)
	}
	if subnet := got.Plugins[0].IPAM.Ranges[0][0].Subnet; subnet != "10.244.3.0/24" {
		t.Errorf("subnet %q", subnet)
	}
}

func TestInternalIPPassesOverOtherAddresses(t *testing.T) {
	node := &corev1.Node{Status: corev1.NodeStatus{Addresses: []corev1.NodeAddress{
		{Type: corev1.NodeHostName, Address: "w1"}, {Type: corev1.NodeInternalIP, Address: "172.18.0.4"},
	}}}
	if got := internalIP(node).String(); got != "172.18.0.4" {
		t.Errorf("got %s", got)
	}
	if got := internalIP(&corev1.Node{}); got != nil {
		t.Errorf("a node without addresses gave %s", got)
	}
}

func TestWriteOnceLeavesAnEqualFileAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "net.d", "a.conflist")
	if err := writeOnce(path, "one"); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := writeOnce(path, "one"); err != nil {
		t.Fatal(err)
	}
	after, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if !os.SameFile(before, after) {
		t.Error("an equal file was replaced")
	}
	if err := writeOnce(path, "two"); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(path); string(got) != "two" {
		t.Errorf("got %q", got)
	}
}
