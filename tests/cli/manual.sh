#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The manual pages are true: the EXAMPLES of vpdial(8) are typed as they stand, against files of the
# test, EXIT STATUS has the program's numbers, and what people look for when something does not work
# is found.
source "$(dirname "$0")/lib.bash"

page=$top/man/vpdial.8
mkdir -p "$work/etc/vpdial" "$work/run"

# The command lines of EXAMPLES, here documents included, in the page's order.
awk '/^\.Sh EXAMPLES/ { on = 1; next } /^\.Sh/ { on = 0 }
	on && /^\.Bd/ { block = 1; next } /^\.Ed/ { block = 0 }
	on && block { gsub(/\\e/, "\\"); print }' "$page" >"$work/examples"
# run LINE: a command that changes nothing of this machine is run with files of the test; of the
# others it is seen that the program knows command and options.
run() {
	local line=${1#[#$] } words
	line=${line//\/etc\/vpdial/$work/etc/vpdial}
	case $line in
	install\ * | cat\ *) bash -c "$line$2" ;;
	"vpdial check"* | "vpdial list"* | "vpdial help"* | "vpdial enable"* | "vpdial status office" | "vpdial status --json"*)
		(cd "$work/etc/vpdial" && PATH=$work/bin:$PATH bash -c "set -o pipefail; $line") ;;
	vpdial\ *)
		read -ra words <<<"${line#vpdial }"
		"$VPDIAL" "${words[@]}" --help >/dev/null ;;
	systemctl\ *)
		[[ ${line##* } == vpdial@office && -f $top/packaging/systemd/vpdial@.service ||
			${line##* } == vpdial && -f $top/packaging/systemd/vpdial.service ]] ;;
	*) echo "this test does not know the command"; false ;;
	esac
}
mkdir "$work/bin"
printf '#!/bin/sh\nexec %q --config %q --run-dir %q "$@"\n' "$VPDIAL" "$work/etc/vpdial" "$work/run" >"$work/bin/vpdial"
chmod 755 "$work/bin/vpdial"
count=0 pending='' text=''
while IFS= read -r line; do
	if [[ -n $pending ]]; then
		text+=$'\n'$line
		[[ $line == EOF ]] || continue
		line=$pending pending=''
	elif [[ $line == *"<< EOF" ]]; then
		pending=$line text=''
		continue
	fi
	count=$((count + 1))
	if [[ $line == *jq* ]] && ! command -v jq >/dev/null; then
		echo "skip example-$count: jq is not installed"
	elif output=$(run "$line" "$text" 2>&1); then
		ok "example-$count"
	else
		fail "example-$count" "$line: $(tail -n 2 <<<"$output")"
	fi
	text=''
done <"$work/examples"
if ((count >= 15)); then ok examples; else fail examples "only $count found"; fi

# Numbers of the program and of the page, both ways.
# Those that the program can end with: the table has some for later.
numbers=$(sed -n 's/^\t\(EXIT_[A-Z_]*\) = \([0-9]*\).*/\1 \2/p' "$top/src/base/reason.h" | while read -r word number; do
	if grep -rqw --include='*.c' --exclude=reason.c "$word" "$top/src"; then echo "$number"; fi
done | sort -n | tr '\n' ' ')
listed=$(awk '/^\.Sh EXIT STATUS/ { on = 1; next } /^\.Sh/ { on = 0 } on && /^\.It/ { print $2 }' "$page" | sort -n | tr '\n' ' ')
test_equal exit-statuses "$numbers" "$listed"

if ! command -v mandoc >/dev/null; then
	echo "skip troubleshooting: mandoc is not installed"
	finish
fi
flat=$(mandoc -Tutf8 "$page" | sed 's/.\x08//g' | tr -s ' \n\t' ' ')
has() { # has NAME PATTERN...: each is found, in any order
	local name=$1 pattern
	shift
	for pattern; do
		if ! grep -qiE -- "$pattern" <<<"$flat"; then
			fail "$name" "not found: $pattern"
			return
		fi
	done
	ok "$name"
}
has firewall-pptp 'TCP port 1723 and IP protocol 47 \(GRE\) pass, both in both directions'
has firewall-l2tp 'let UDP pass in both directions'
has windows-error-789 'error 789 or 781' 'IPsec is not configured properly on both ends'
has windows-without-ipsec 'ProhibitIpSec' 'REG_DWORD 1' 'CurrentControlSet\\Services\\Rasman\\Parameters' 'restart'
has windows-versions 'PPTP: NT, 2000, ME and 98SE' 'L2TP: 2000 and XP, NT4'
has windows-98-slow 'nine seconds' 'two when NetBEUI, IPX/SPX and' 'Log on to network'
has masquerading 'limited or impossible'
has l2tp-ports 'port 1701' 'may answer from another port' 'passes address translation'
has pptp-client-port 'TCP connection from a port that the system chooses to port 1723'
has pptp-packet 'PPP frame, is encrypted by MPPE' '0x880B' 'Call ID' 'one tunnel to each'
has standards 'RFC 2637' 'RFC 2661' 'RFC 3078' 'RFC 3079' 'RFC 1701' 'RFC 1702'
has no-common-method 'Exit status 10 with a word on the allow list' 'names those that it wants'
has other-address 'load-balanced cluster' 'dropped' 'Windows 95, 98 and NT 4.0'
has isp-filters-gre 'Internet providers filter GRE at the edge'
has dial-up-encryption 'Encrypting that dial-up link too is unneeded and costs speed'
has network-access-server 'dial a network access server'
has multilink-of-windows 'Negotiate multi-link for single link connections' '1614'
has end-to-end 'MPPE encrypts the link to the server and nothing behind it' 'IPsec inside the tunnel'
has l2tp-ipsec 'most secure mode, and the default of Microsoft'
has terms '\(LAC\)' '\(LNS\)' '\(NAS\)' 'frame relay'
has bridge-and-queues 'EoIP' 'Queues'
has uses 'join two routers over the Internet, link LANs' 'client of some connections and server of others'
has worth 'PPTP is weak, and nothing that a client does can make it strong' 'single DES' 'in about a day' \
	'40 bits are no encryption at all' 'protects nothing from change' 'PAP sends the password in clear' \
	'Plain L2TP protects nothing at all'
finish
