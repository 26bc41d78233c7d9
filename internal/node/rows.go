package node

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// The commands whose rows PSRows and LsnsRows return.
const (
	PSCommand   = "ps -eo pid,ppid,args"
	LsnsCommand = "lsns -o NS,TYPE,NPROCS,PID,PPID,COMMAND"
)

// PSRows returns the rows that PSCommand prints on the node for the processes, header first.
func PSRows(processes []Process) []string {
	rows := [][]string{{"PID", "PPID", "COMMAND"}}
	for _, p := range processes {
		rows = append(rows, []string{fmt.Sprint(p.PID), fmt.Sprint(p.PPID), p.Args})
	}
	return align(rows)
}

// LsnsRows returns the rows that LsnsCommand prints on the node for the namespaces, header first.
func LsnsRows(namespaces []Namespace) []string {
	rows := [][]string{{"NS", "TYPE", "NPROCS", "PID", "PPID", "COMMAND"}}
	for _, n := range namespaces {
		rows = append(rows, []string{
			fmt.Sprint(n.Inode), string(n.Type), fmt.Sprint(n.NProcs), fmt.Sprint(n.PID), fmt.Sprint(n.PPID), n.Command,
		})
	}
	return align(rows)
}

// align pads the columns, all but the last.
func align(rows [][]string) []string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 1, ' ', tabwriter.AlignRight)
	for _, row := range rows {
		last := len(row) - 1
		// The escapes keep a tab in a command line from being taken for a column.
		fmt.Fprintf(w, "%s\t %s\n", strings.Join(row[:last], "\t"), strings.ReplaceAll(row[last], "\t", " "))
	}
	_ = w.Flush() // a strings.Builder takes everything
	aligned := strings.Split(strings.TrimRight(text.String(), "\n"), "\n")
	for i := range aligned {
		aligned[i] = strings.TrimPrefix(aligned[i], " ") // the padding before the first column
	}
	return aligned
}

// NamespacesCommand is the command whose rows NamespaceRows returns.
func NamespacesCommand(types []Type) string {
	columns := "pid,"
	for _, t := range types {
		columns += string(t) + "ns,"
	}
	return "ps -eo " + columns + "args"
}

// NamespaceRows returns the rows that NamespacesCommand prints on the node for the processes, header first.
func NamespaceRows(processes []Process, types []Type) []string {
	header := []string{"PID"}
	for _, t := range types {
		header = append(header, strings.ToUpper(string(t))+"NS")
	}
	rows := [][]string{append(header, "COMMAND")}
	for _, p := range processes {
		row := []string{fmt.Sprint(p.PID)}
		for _, t := range types {
			row = append(row, fmt.Sprint(p.Namespaces[t]))
		}
		rows = append(rows, append(row, p.Args))
	}
	return align(rows)
}
