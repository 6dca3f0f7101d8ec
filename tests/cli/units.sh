#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What `make install` brings for systemd, judged by systemd's own tools where they are installed; no
# running systemd is needed.
source "$(dirname "$0")/lib.bash"

dest=$work/dest
if ! make -s -C "$top" -o all DESTDIR="$dest" PREFIX=/usr BUILD="$(dirname "$VPDIAL")" install >"$work/log" 2>&1; then
	fail install "$(tail -n 3 "$work/log" | tr '\n' '|')"
	finish
fi
units=$dest/usr/lib/systemd/system
for unit in vpdial@.service vpdial-server.service; do
	if grep -q '@SBINDIR@' "$units/$unit"; then fail "$unit-path" "the path is not filled in"; else ok "$unit-path"; fi
	for line in Type=notify KillMode=mixed NoNewPrivileges=yes; do
		if grep -qx "$line" "$units/$unit"; then ok "$unit-$line"; else fail "$unit-$line" "not there"; fi
	done
done
# What is enabled is started, each as a service of its own; no running systemd is needed to see that.
mkdir -p "$work/boot/bin" "$work/boot/conf"
for name in office home-2 b@x.y off; do
	printf '[connection]\nconnect-to = 127.0.0.1\nuser = u\ndisabled = no\n' >"$work/boot/conf/$name.conf"
done
sed -i 's/disabled = no/disabled = yes/' "$work/boot/conf/off.conf"
printf '#!/bin/sh\necho "$@"\n' >"$work/boot/bin/systemctl"
printf '#!/bin/sh\nexec "%s" --config "%s" --run-dir "%s" "$@"\n' "$VPDIAL" "$work/boot/conf" "$work/boot/run" >"$work/boot/bin/vpdial"
chmod +x "$work"/boot/bin/*
# As systemd reads it: the word in double quotes, two backslashes for one.
script=$(sed -n 's|^ExecStart=/bin/sh -c "\(.*\)"$|\1|p' "$units/vpdial.service" | sed 's/\\\\/\\/g; s|/usr/sbin/vpdial|vpdial|')
started="vpdial@b@x.y.service vpdial@home-2.service vpdial@office.service"
test_equal vpdial.service-starts-what-is-enabled "start --no-block -- $started" "$(PATH=$work/boot/bin:$PATH sh -c "$script" 2>&1)"
# shellcheck disable=SC2086  # words indeed
! command -v systemd-escape >/dev/null || test_equal vpdial.service-starts-names-as-they-are "$started" "$(systemd-escape -m $started)"
rm "$work"/boot/conf/[!o]*.conf "$work/boot/conf/office.conf"
test_equal vpdial.service-starts-nothing-else "" "$(PATH=$work/boot/bin:$PATH sh -c "$script" 2>&1)"

# What waits has a limit, and waits for the unit that dials.
for line in Type=oneshot Requires=vpdial@%i.service After=vpdial@%i.service; do
	if grep -qx "$line" "$units/vpdial-wait@.service"; then ok "vpdial-wait@.service-$line"; else fail "vpdial-wait@.service-$line" "not there"; fi
done
if grep -qE '^ExecStart=.* wait --timeout [1-9][0-9]* %i$' "$units/vpdial-wait@.service"; then ok wait-has-a-limit; else fail wait-has-a-limit "none"; fi
# The page says after which statuses a unit should not restart: the unit does so.
want=$(sed -n 's/^A unit that restarts should not do so after \(.*\)\.$/\1/p' "$top/man/vpdial.8" | tr -d ',' | sed 's/and //')
test_equal restart-as-in-the-manual "RestartPreventExitStatus=$want" "$(grep '^RestartPrevent' "$units/vpdial@.service")"

if command -v systemd-analyze >/dev/null; then
	# An instance, and the program where the unit looks for it.
	mkdir -p "$work/verify"
	sed "s|/usr/sbin/vpdial|$VPDIAL|" "$units/vpdial@.service" >"$work/verify/vpdial@office.service"
	sed "s|/usr/sbin/vpdial|$VPDIAL|" "$units/vpdial-wait@.service" >"$work/verify/vpdial-wait@office.service"
	for unit in vpdial.service vpdial-server.service; do
		sed "s|/usr/sbin/vpdial|$VPDIAL|" "$units/$unit" >"$work/verify/$unit"
	done
	for unit in vpdial@office.service vpdial-wait@office.service vpdial-server.service vpdial.service; do
		complaints=$(systemd-analyze verify --man=no --recursive-errors=no "$work/verify/$unit" 2>&1 | grep -v 'Failed to\|is not in the set') || true
		test_equal "verify-$unit" "" "$(grep -F "$unit" <<<"$complaints")"
		level=$(systemd-analyze security --offline=yes --no-pager "$work/verify/$unit" 2>/dev/null |
			sed -n 's/.*exposure level for .*: \([0-9]*\)\.\([0-9]\).*/\1\2/p')
		if [[ -z $level ]]; then
			echo "skip exposure-$unit: this systemd-analyze judges no files"
		elif ((level <= 60)); then
			ok "exposure-$unit"
		else
			fail "exposure-$unit" "level ${level%?}.${level: -1}, wanted at most 6.0"
		fi
	done
else
	echo "skip verify: systemd-analyze is not installed"
fi
if command -v systemd-sysusers >/dev/null; then
	mkdir -p "$work/root/etc"
	printf 'root:x:0:\n' >"$work/root/etc/group"
	printf 'root:x:0:0:root:/root:/bin/sh\n' >"$work/root/etc/passwd"
	cp -r "$dest/usr" "$work/root/"
	if systemd-sysusers --root="$work/root" >"$work/log" 2>&1 && grep -q '^vpdial:' "$work/root/etc/group"; then
		ok sysusers-makes-the-group
	else
		fail sysusers-makes-the-group "$(tail -n 2 "$work/log")"
	fi
	if systemd-tmpfiles --root="$work/root" --create vpdial.conf >"$work/log" 2>&1; then
		test_equal tmpfiles-makes-the-directory 755 "$(stat -c %a "$work/root/run/vpdial")"
	else
		fail tmpfiles-makes-the-directory "$(tail -n 2 "$work/log")"
	fi
else
	echo "skip sysusers: systemd-sysusers is not installed"
fi
make -s -C "$top" DESTDIR="$dest" PREFIX=/usr uninstall >/dev/null 2>&1
test_equal uninstalled "" "$(find "$dest" -type f)"
test_equal uninstalled-directories "" "$(find "$dest" -type d -name '*vpdial*')"
finish
