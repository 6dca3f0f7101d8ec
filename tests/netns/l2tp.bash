# shellcheck shell=bash
# What l2tp.sh and ipsec.sh share: dials to a scripted server of L2TP ($SERVED_BY), with and without IPsec.
#
# A script defines "refusals", a table of dials that fail, and functions t_CASE; more lines for each profile stand in
# the array PROFILE_TOO.

# shellcheck source=tests/netns/lane.bash
. "$(dirname "${BASH_SOURCE[0]}")/lane.bash"
PROFILE_TOO=()

# serve SCENARIO...: the scripted server; its log is $T/server.
serve() {
	rm -f "$T/server"
	ip netns exec far python3 "$netns_dir/$SERVED_BY" --address "${SERVE_AT:-$SERVER}" --log "$T/server" "$@" 2>"$T/server.err" &
	SCRIPTED=$!
	within 5 grep -qs '^listening' "$T/server" || fail "the scripted server does not start: $(tail -n 2 "$T/server.err")"
}
# profile "KEY = VALUE"...: the usual account and server, then these lines.
profile() {
	local line key
	{
		printf '[connection]\ntype = l2tp\n'
		for key in "connect-to = $SERVER" "user = $USER_NAME" "password = \"$PASSWORD\"" \
			'use-encryption = require' 'allow = mschap2' 'use-peer-dns = yes' 'source-port = random' 'redial = no' \
			"${PROFILE_TOO[@]}"; do
			printf '%s\n' "$@" | grep -q "^${key%% *} " || printf '%s\n' "$key"
		done
		for line; do [ -z "$line" ] || printf '%s\n' "$line"; done
	} >"$P/lab.conf"
	chmod 600 "$P/lab.conf"
}

cases() {
	# The long waits first, so that the lanes end together.
	refusals | awk -F ' *[|] *' '{ print ($5 + 0) "\t" $1 }' | sort -rn | cut -f 2 | head -n 4
	declare -F | sed -n 's/^declare -f t_//p' | tr _ -
	refusals | awk -F ' *[|] *' '{ print ($5 + 0) "\t" $1 }' | sort -rn | cut -f 2 | tail -n +5
}
trim() { sed 's/^[ \t]*//; s/[ \t]*$//' <<<"$1"; }
restore_bars() { trim "${1//$'\x01'/|}"; }

run_case() {
	local row fields scenario profile_lines options
	row=$(refusals | sed 's/\\|/\x01/g' | awk -F ' *[|] *' -v name="$1" '{ gsub(/^[ \t]+/, "", $1) } $1 == name')
	if [ -z "$row" ]; then
		"t_${1//-/_}"
		return
	fi
	IFS='|' read -r -a fields <<<"$row"
	read -r -a scenario <<<"${fields[1]}"
	IFS=';' read -r -a profile_lines <<<"$(trim "${fields[5]-}")"
	profile_lines=("${profile_lines[@]/#SECRET/$secret}")
	read -r -a options <<<"${fields[6]-}"
	[ "${scenario[0]}" = - ] || serve "${scenario[@]}"
	profile "${profile_lines[@]}"
	refused "$(restore_bars "${fields[2]}")" "$(restore_bars "${fields[3]}")" "$(trim "${fields[4]}")" "${options[@]}"
	server_done
	[ "${scenario[0]}" = - ] || want_seen wire-clear -eq 0
}
# connects [PROFILE LINE...]: dials the server that "serve" has started, and pings.
connects() {
	profile "$@"
	vpdial connect lab --timeout 20 >"$T/out" 2>"$T/err" </dev/null || fail "connect: status $?: $(tail -n 2 "$T/err" | tr '\n' '|')"
	clean "$T/out" "$T/err"
	[ -n "$why" ] || pings || fail "no answer to ping: $(tail -n 2 "$T/ping" | tr '\n' '|')"
}
hangs_up() {
	hang_up
	server_done
	want_seen wire-clear -eq 0
	want_seen wire-encrypted -gt 0
}
# all_pings COUNT LEAST [OPTION...]: of COUNT pings at least LEAST are answered, and none twice.
all_pings() {
	local count=$1 least=$2 got
	shift 2
	ping -c "$count" -i 0.02 -W 2 "$@" 10.99.0.1 >"$T/ping" 2>&1
	got=$(grep -c 'bytes from' "$T/ping")
	[ "$got" -ge "$least" ] || fail "only $got of $count pings are answered"
	! grep -q DUP "$T/ping" || fail "a ping is answered twice"
}
still_up() { is_connected && pings || fail "the call did not survive: $(field .status), $(field .message)"; }
# survives SCENARIO STEP: it happens in mid-call, and the call goes on.
survives() {
	local pid memory open
	serve "$1"
	connects
	pid=$(session_pid)
	memory=$(resident "$pid") open=$(descriptors "$pid")
	within 4 step "$2" || fail "the server did not get so far: $(tail -n 1 "$T/server")"
	sleep 0.3
	still_up
	[ $(($(resident "$pid") - memory)) -le 512 ] || fail "VmRSS of the session grew from $memory to $(resident "$pid") kB"
	[ "$(descriptors "$pid")" = "$open" ] || fail "$(descriptors "$pid") descriptors, $open before"
	hangs_up
}
# ends_in_call SCENARIO STATUS SENTENCE
ends_in_call() {
	serve "$1"
	profile
	up_in_foreground
	ends_with "$2" . 6
	grep -qE -- "$3" "$T/err" || fail "does not say '$3': $(tail -n 2 "$T/err" | tr '\n' '|')"
	server_done
}
# is_like FILE: the machine is as that snapshot.
is_like() { snapshot 2>&1 | cmp -s - "$1"; }
