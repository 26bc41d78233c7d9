package checks

import (
	"fmt"
	"strings"
)

// capability is a Linux capability in a lesson, as a bit of a set; ALL is all of them.
type capability uint64

// UnmarshalText accepts CAP_NET_RAW, NET_RAW and ALL, whatever the case.
func (c *capability) UnmarshalText(text []byte) error {
	name := strings.TrimPrefix(strings.ToUpper(string(text)), "CAP_")
	if name == "ALL" {
		*c = 1<<len(capabilityNames()) - 1
		return nil
	}
	for i, known := range capabilityNames() {
		if name == known {
			*c = 1 << i
			return nil
		}
	}
	return fmt.Errorf("unknown capability %q%s", text, orOneOf(name, capabilityNames()))
}

// capabilities is a set of them, as /proc/PID/status has it.
type capabilities uint64

func capabilitiesOf(list []capability) capabilities {
	var set capabilities
	for _, c := range list {
		set |= capabilities(c)
	}
	return set
}

func (c capabilities) String() string {
	if c == 0 {
		return "none"
	}
	all := capabilityNames()
	if c == 1<<len(all)-1 {
		return "ALL"
	}
	var names []string
	for i := range 64 {
		switch {
		case c&(1<<i) == 0:
		case i < len(all):
			names = append(names, all[i])
		default:
			names = append(names, fmt.Sprintf("number %d", i))
		}
	}
	return strings.Join(names, ", ")
}

// capabilityNames returns the names of linux/capability.h in the order of their numbers, without CAP_.
func capabilityNames() []string {
	return []string{
		"CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
		"LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
		"SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
		"SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
		"MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
		"CHECKPOINT_RESTORE",
	}
}
