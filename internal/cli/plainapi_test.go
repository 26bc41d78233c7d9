//go:build bench || e2e

package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"

	"sigs.k8s.io/yaml"
)

// plainAPI is the API server over HTTP alone, without what podlab has for it.
type plainAPI struct {
	server string
	client *http.Client
}

// kubeconfig is what is needed of a kubeconfig file of kind's.
type kubeconfig struct {
	Clusters []struct {
		Cluster struct {
			Server string `json:"server"`
			CA     []byte `json:"certificate-authority-data"`
		} `json:"cluster"`
	} `json:"clusters"`
	Users []struct {
		User struct {
			Certificate []byte `json:"client-certificate-data"`
			Key         []byte `json:"client-key-data"`
		} `json:"user"`
	} `json:"users"`
}

// readKubeconfig reads a file with one cluster and one user.
func readKubeconfig(path string) (kubeconfig, error) {
	var config kubeconfig
	text, err := os.ReadFile(path)
	if err == nil {
		err = yaml.Unmarshal(text, &config)
	}
	if err == nil && (len(config.Clusters) != 1 || len(config.Users) != 1) {
		err = fmt.Errorf("%s: want one cluster and one user", path)
	}
	return config, err
}

// newPlainAPI makes a client with a connection of its own.
func newPlainAPI(path string) (*plainAPI, error) {
	config, err := readKubeconfig(path)
	if err != nil {
		return nil, err
	}
	there, me := config.Clusters[0].Cluster, config.Users[0].User
	certificate, err := tls.X509KeyPair(me.Certificate, me.Key)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(there.CA)
	return &plainAPI{there.Server, &http.Client{Transport: &http.Transport{
		ForceAttemptHTTP2: true,
		TLSClientConfig:   &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
	}}}, nil
}

func (a *plainAPI) close() { a.client.CloseIdleConnections() }

func (a *plainAPI) get(ctx context.Context, path string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.server+path, nil)
	if err != nil {
		return nil, err
	}
	return a.client.Do(request)
}
