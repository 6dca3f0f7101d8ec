#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Coming over: `import` of files, what it writes and what it refuses; a call without a file.
source "$(dirname "$0")/lib.bash"

mkdir "$work/config" "$work/run"

vpdial() {
	timeout 30 "$VPDIAL" --config "$work/config" --run-dir "$work/run" "$@" </dev/null 2>&1
}

# says NAME STATUS TEXT ARGUMENT...: the command ends with STATUS, and its output holds TEXT.
says() {
	local name=$1 status=$2 text=$3 output rc
	shift 3
	output=$(vpdial "$@")
	rc=$?
	if [[ $rc == "$status" && $output == *"$text"* ]]; then ok "$name"; else fail "$name" "status $rc: $output"; fi
}

# holds NAME FILE LINE: the file has the line.
holds() {
	if grep -qxF -- "$3" "$work/config/$2"; then ok "$1"; else fail "$1" "$(cat "$work/config/$2" 2>&1)"; fi
}

cat >"$work/router.rsc" <<'END'
# by RouterOS 7.13
/interface l2tp-client
add allow=mschap2 comment="to the office" connect-to=vpn.example.com disabled=no ipsec-secret="pre shared" \
    max-mtu=1400 name=office password="p\"w" profile=clients use-ipsec=yes user=john allow-fast-path=yes
/interface pptp-client
add connect-to=192.0.2.1 mrru=1600 name=lab password=x profile=clients user=jack
/ip pool
add name=vpn ranges=10.9.0.10-10.9.0.50
/ppp profile
add dns-server=10.9.0.1 local-address=10.9.0.1 name=clients remote-address=vpn rate-limit=1M
/ppp secret
add name=Laptop password=y profile=clients service=l2tp
/interface l2tp-server server
set authentication=mschap2 default-profile=clients enabled=yes
END

says dry-run-shows 0 'connect-to = vpn.example.com' import --dry-run "$work/router.rsc"
test_equal dry-run-shows-no-secret "" "$(vpdial import --dry-run "$work/router.rsc" | grep -E 'pre shared|p\\"w')"
test_equal dry-run-writes-nothing "" "$(ls -A "$work/config")"
says name-is-for-one 2 "--name is for one connection" import --name x "$work/router.rsc"
says export 0 "office: written to $work/config/office.conf" import "$work/router.rsc"
test_equal modes "600 600 600 600" "$(stat -c %a "$work"/config/*.conf | paste -sd' ')"
test_equal nothing-else-is-left "lab.conf office.conf ppp-profiles.conf server.conf" "$(find "$work/config" -mindepth 1 -printf '%f\n' | sort | paste -sd' ')"
holds password office.conf 'password = "p\"w"'
holds key-of-ipsec office.conf 'ipsec-secret = "pre shared"'
holds comment office.conf 'comment = "to the office"'
holds reason office.conf '#   allow-fast-path = yes: has no effect here: there is one path, the fast one'
holds multilink lab.conf 'mrru = 1600'
holds pool server.conf '[pool vpn]'
holds secret-keeps-its-case server.conf 'name = Laptop'
holds ppp-profile ppp-profiles.conf 'remote-address = vpn'
says checked-profile 0 "office: ok" check office
says checked-server 0 "ok" check "$work/config/server.conf"
says comment-is-listed 0 "john  ;;; to the office" list
says second-time-is-refused 2 "office.conf is there already: write --force" import "$work/router.rsc"
sed -i 's/max-mtu=1400/max-mtu=1300/' "$work/router.rsc"
printf '[mine]\nuse-encryption = no\n' >>"$work/config/ppp-profiles.conf"
says forced 0 "written" import --force "$work/router.rsc"
holds forced-is-new office.conf 'max-mtu = 1300'
holds forced-keeps-other-sections ppp-profiles.conf '[mine]'
test_equal forced-sections-are-there-once 1 "$(grep -c '^\[clients\]' "$work/config/ppp-profiles.conf")"

test_equal standard-input 0 "$(echo '/interface pptp-client add name=in connect-to=a.example.com user=u' |
	"$VPDIAL" --config "$work/config" --run-dir "$work/run" import --name from-input - >/dev/null 2>&1; echo $?)"
holds standard-input-file from-input.conf 'connect-to = a.example.com'

mkdir -p "$work/ppp/peers"
printf 'pty "pptp vpn.example.com --nolaunchpppd"\nname john\nremotename x\nrequire-mppe-128\nip-up-script /tmp/evil\n' >"$work/ppp/peers/work"
printf 'john x "a b" *\n' >"$work/ppp/chap-secrets"
says peer 0 "work: written" import "$work/ppp/peers/work"
holds peer-password work.conf 'password = "a b"'
test_equal no-program-of-others "" "$(grep '^ip-up' "$work/config/work.conf")"
says peer-checked 0 "work: ok" check work

cp "$(command -v sleep)" "$work/xl2tpd"
"$work/xl2tpd" 30 &
rival=$!
says rival-is-named 0 "xl2tpd still runs, and holds port 1701: systemctl disable --now xl2tpd" import --force "$work/router.rsc"
kill "$rival"
wait "$rival" 2>/dev/null
test_equal no-rival-none-named "" "$(vpdial import --force "$work/router.rsc" | grep 'still runs')"
printf '/interface pptp-client add name=half connect-to=a.example.com\n' >"$work/half.rsc"
says incomplete-is-told 2 "half.conf:1: user: missing" import "$work/half.rsc"
holds incomplete-is-there half.conf 'connect-to = a.example.com'
says no-file 2 "No such file" import "$work/none"
says directory 2 "Is a directory" import "$work"
mkfifo "$work/fifo"
says no-regular-file 2 "no regular file" import "$work/fifo"
head -c 300000 /dev/zero >"$work/large"
says too-large 2 "at most 256 KiB" import "$work/large"
head -c 1000 /dev/zero >"$work/zeros"
says no-text 2 "is not a text" import "$work/zeros"
echo "hello" >"$work/hello"
says unknown 2 "not a configuration that vpdial knows" import "$work/hello"

# What is exported and imported again is the same, with each key that there is; but keys that name programs to run
# are not taken from a file that may be another's.
cat >"$work/config/all.conf" <<'END'
[connection]
type = l2tp
connect-to = vpn.example.com
name = l2tp-home
user = john
domain = CORP
password = "p\"a\\b; #$?="
profile = default
allow = mschap2,eap
add-default-route = yes
default-route-distance = 5
block-ipv6 = yes
lockdown = yes
keep-ssh = no
dial-on-demand = yes
redial = no
redial-min = 3
redial-max = 30
redial-limit = 4
comment = "two words"
disabled = no
max-mtu = 1400
max-mru = 1401
mrru = disabled
keepalive-timeout = 00:00:20
src-address = 192.0.2.7
bind-interface = wan
tunnel-secret = "tun \"nel"
use-ipsec = yes
ipsec-secret = "pre shared"
ipsec-ike = "aes256-sha256-modp2048, aes128-sha1-modp1024"
ipsec-esp = old
ipsec-id = me@example.com
ipsec-remote-id = vpn.example.com
ipsec-ike-lifetime = 4h
ipsec-lifetime = 30m
hide-avps = yes
hello-interval = 70
source-port = 1701
allow-fast-path = yes
sequencing = yes
ipv6 = yes
pfc = yes
acfc = yes
local-address = 10.0.0.5
remote-address = 10.0.0.1!
use-nm-dispatcher = yes
use-encryption = no
mppe-strength = 40,128
mppe-mode = stateless
use-compression = no
change-tcp-mss = no
use-peer-dns = exclusively
dns-server = 10.0.0.53,10.0.0.54
search-domain = "example.com example.org"
idle-timeout = 600
session-timeout = 1h30m
authentication-timeout = 90
short-sequence = yes
routes = "10.1.0.0/16 10.0.0.1 5, fd00::/8"
dhcp-inform = no
use-peer-routes = no
class-route = yes
END
printf '[connection]\ntype = pptp\nconnect-to = 192.0.2.1\nport = 1724\nuser = j\npassword-file = /etc/secret\nfast-gre = yes\n' >"$work/config/rest.conf"
printf '[connection]\ntype = l2tp\nconnect-to = 192.0.2.1\nuser = j\ntunnel-secret-file = /etc/a\nuse-ipsec = yes\nipsec-secret-file = /etc/b\nrandom-source-port = yes\npassword-command = /bin/echo\nip-up = /bin/true\n' >"$work/config/more.conf"
chmod 600 "$work"/config/*.conf
pairs() { sed '/^#/d; /^name = .*N$/d; /-command = /d; /^ip-up/d' "$1" | sort; }
for name in all rest more; do
	vpdial export "$name" --show-secrets >"$work/$name.rsc"
	timeout 30 "$VPDIAL" --config "$work/again" --run-dir "$work/run" import "$work/$name.rsc" >/dev/null 2>&1 </dev/null
	test_equal "export-and-import-of-$name" "$(pairs "$work/config/$name.conf")" "$(pairs "$work/again/$name.conf")"
done
test_equal every-key-is-among-them "ip-down ipsec-secret-command only-one tunnel-secret-command use-ipv6" \
	"$("$VPDIAL" help options | sed 's/[| ].*//' | while read -r key; do
		grep -q "^$key = " "$work"/config/{all,rest,more}.conf || echo "$key"; done | sort | paste -sd' ')"
test_equal no-program-out-of-an-export "" "$(grep -E '^(password-command|ip-up)' "$work/again/more.conf")"
test_equal no-secret-unasked "" "$(vpdial export all | grep -E 'p\\"a|tun \\"|pre shared')"

# Calls without a file.
secret='a secret is never on the command line'
says url-with-a-secret 2 "$secret" connect l2tp://john:x@vpn.example.com
says key-of-a-secret 2 "ipsec-secret: $secret" connect vpn.example.com type=l2tp user=john ipsec-secret=x
says url-of-another-kind 2 "ftp: write pptp://USER@SERVER or l2tp://USER@SERVER" connect ftp://a@b
says unknown-key 2 "max-mtuu: unknown key, did you mean max-mtu" connect 127.0.0.1 max-mtuu=x
says foreign-key 2 "server: unknown key: the server is connect-to" connect 127.0.0.1 server=x
says wrong-value 2 "max-mtu: " connect 127.0.0.1 user=x max-mtu=9
says no-user 2 "user: missing" connect 127.0.0.1 type=pptp
says a-word-is-a-profile 2 "no profile vpn.example.com in $work/config: write $work/config/vpn.example.com.conf" connect vpn.example.com
says profile-before-host 2 "office is a profile, whose keys stand in" connect office user=x
says password-is-asked 2 "password" connect l2tp://john@127.0.0.1
says command-is-named 2 "unknown command office: to dial it, write vpdial connect office" office
says save 2 "password" connect pptp://CORP%5cjohn@192.0.2.9:1724 --save kept
holds saved-user kept.conf 'user = "CORP\\john"'
holds saved-port kept.conf 'port = 1724'
says save-over 2 "kept.conf is there already" connect pptp://a@b --save kept
test_equal nothing-of-calls-is-left "" "$(find "$work/run" -name '*.conf' ! -name ppp-profiles.conf)"
test_equal keys-are-completed "user=" "$(vpdial complete-words use connect vpn.example.com | grep '^user')"

# Pools.
printf '[pool a]\nranges = 10.0.0.10-10.0.0.20,10.0.0.21\n[secret x]\npassword = "p"\nlocal-address = a\nremote-address = A\n' >"$work/config/server.conf"
chmod 600 "$work/config/server.conf"
says pool-is-legal 0 "ok" check "$work/config/server.conf"
printf '[pool a]\nranges = 10.0.0.10-10.0.0.20, 10.0.1.1\n[pool b]\n[secret x]\nremote-address = c\n' >"$work/config/server.conf"
says ranges-apart 2 "2: ranges: the ranges do not adjoin" check "$work/config/server.conf"
says pool-without-ranges 2 "3: ranges: missing" check "$work/config/server.conf"
says pool-that-is-not-there 2 "4: remote-address: there is no [pool c]" check "$work/config/server.conf"

finish
