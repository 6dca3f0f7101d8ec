#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The scripts for NetworkManager and systemd that `make install` brings along: run as those run them,
# they call `vpdial redial --all --if-needed` when they should, and only then.
source "$(dirname "$0")/lib.bash"

dest=$work/dest
if ! make -s -C "$top" -o all DESTDIR="$dest" PREFIX=/usr SBINDIR="$work/sbin" BUILD="$(dirname "$VPDIAL")" install >"$work/log" 2>&1; then
	fail install "$(tail -n 3 "$work/log" | tr '\n' '|')"
	finish
fi
nm=$dest/usr/lib/NetworkManager/dispatcher.d/90-vpdial
sleep_hook=$dest/usr/lib/systemd/system-sleep/vpdial
for file in "$nm" "$sleep_hook"; do
	test_equal "mode-of-$(basename "$file")" 755 "$(stat -c %a "$file")"
done
mkdir -p "$work/sbin"
printf '#!/bin/sh\necho "$*" >>%s/calls\n' "$work" >"$work/sbin/vpdial"
chmod 755 "$work/sbin/vpdial"

# calls_of COMMAND...: what vpdial was called with.
calls_of() {
	rm -f "$work/calls"
	env -i PATH=/usr/bin:/bin "$@" || echo "status $?"
	cat "$work/calls" 2>/dev/null
}
nm_calls() { # nm_calls INTERFACE ACTION [NAME=VALUE]...
	local interface=$1 action=$2
	shift 2
	calls_of "NM_DISPATCHER_ACTION=$action" "DEVICE_IFACE=$interface" "$@" "$nm" "$interface" "$action"
}
test_equal nm-uplink-redials "redial --all --if-needed" "$(nm_calls wlan0 up IP4_GATEWAY=192.0.2.1)"
test_equal nm-ipv6-uplink-redials "redial --all --if-needed" "$(nm_calls wlan0 up IP6_GATEWAY=fe80::1)"
test_equal nm-without-gateway-does-not "" "$(nm_calls virbr0 up)"
test_equal nm-interface-of-others-does-not "" "$(nm_calls pptp-out1 up CONNECTION_EXTERNAL=1 IP4_GATEWAY=10.0.0.1)"
for action in pre-up pre-down down vpn-pre-up vpn-up vpn-pre-down vpn-down hostname dhcp4-change connectivity-change; do
	test_equal "nm-$action-does-not" "" "$(nm_calls wlan0 $action IP4_GATEWAY=192.0.2.1)"
done
test_equal sleep-post-redials "redial --all --if-needed" "$(calls_of "$sleep_hook" post suspend)"
test_equal sleep-pre-does-not "" "$(calls_of "$sleep_hook" pre suspend)"
make -s -C "$top" DESTDIR="$dest" PREFIX=/usr SBINDIR="$work/sbin" uninstall >/dev/null 2>&1
test_equal uninstalled "" "$(find "$dest" -type f)"
# Both call what the program has.
mkdir "$work/config" "$work/run"
if output=$("$VPDIAL" --config "$work/config" --run-dir "$work/run" redial --all --if-needed 2>&1); then
	ok redial-without-connections
else
	fail redial-without-connections "$output"
fi
finish
