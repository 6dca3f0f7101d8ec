# shellcheck shell=bash
# What tests in namespaces of their own share: going into them, waiting, failing.

netns_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
VPDIAL=$(readlink -f "${VPDIAL:-$netns_dir/../../build/vpdial}")
export VPDIAL

# alone NAME "TOOLS" [UNSHARE OPTION...]: the rest of the script runs in a network and a mount namespace of
# its own; says what is missing for that.
alone() {
	local name=$1 tool
	[ -z "${NETNS_ALONE-}" ] || return 0
	[ "$(id -u)" = 0 ] || { echo "skip $name: needs root"; exit 0; }
	for tool in unshare $2; do
		command -v "$tool" >/dev/null || { echo "skip $name: not installed: $tool"; exit 0; }
	done
	shift 2
	NETNS_ALONE=1 exec unshare -n -m "$@" --propagation private "$BASH" "$0"
}

why=''
fail() { why=${why:-$*}; return 1; }

# within SECONDS COMMAND...: true as soon as COMMAND is.
within() {
	local end=$((SECONDS + $1 + 1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}

# two_ends: "far" is the server's namespace, 10.88.1.1; this one 10.88.1.2, joined by veth "wan".
two_ends() {
	ip netns add far
	ip link set lo up
	ip -n far link set lo up
	ip link add wan type veth peer name wan netns far
	ip addr add 10.88.1.2/24 dev wan
	ip -n far addr add 10.88.1.1/24 dev wan
	ip link set wan up
	ip -n far link set wan up
}
