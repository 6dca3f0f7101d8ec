#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# `vpdial enable` and `disable` say whether anything dials the profile at boot, by what, and what
# still runs.  In a mount namespace of its own, with systemd's directories as the test wants them.
if [[ $(id -u) != 0 ]]; then
	echo "skip boot: needs root"
	exit 0
fi
if [[ -z ${BOOT_TEST_INSIDE-} ]]; then
	BOOT_TEST_INSIDE=1 exec unshare -m --propagation private "$BASH" "$0"
fi
source "$(dirname "$0")/lib.bash"

mkdir "$work/etc"
cp -a /etc/. "$work/etc/"
mount --bind "$work/etc" /etc
mount -t tmpfs -o mode=755 tmpfs /run
trap 'umount -l /etc /run; rm -rf "$work"' EXIT
wants=/etc/systemd/system/multi-user.target.wants
rm -rf /etc/vpdial "$wants"
mkdir -p /etc/vpdial "$wants" /run/vpdial
printf '[connection]\nconnect-to = a\nuser = b\n' >/etc/vpdial/office.conf

says() { # says NAME COMMAND TEXT
	test_equal "$1" "$3" "$("$VPDIAL" "$2" office 2>&1 | tr '\n' '|')"
}

says enable-without-systemd enable "office enabled|dialed by vpdial connect --all; nothing runs that at boot by itself|"
mkdir -p /run/systemd/system
says enable-while-nothing-dials enable "office enabled|nothing dials it at boot yet; to have all enabled profiles dialed: systemctl enable vpdial|"
says disable-says-no-more disable "office disabled|"
ln -s /lib/systemd/system/vpdial.service "$wants/vpdial.service"
says enable-and-vpdial.service-dials enable "office enabled|dialed at boot by vpdial.service|"
says disable-and-vpdial.service-does-not disable "office disabled|"
rm "$wants/vpdial.service"
ln -s /lib/systemd/system/vpdial@.service "$wants/vpdial@office.service"
says enable-and-the-instance-dials enable "office enabled|dialed at boot by vpdial@office.service|"
says disable-of-what-the-instance-dials disable "office disabled|vpdial@office.service still dials it at boot; to end that: systemctl disable vpdial@office.service|"
mkdir "$work/own"
cp /etc/vpdial/office.conf "$work/own/"
test_equal enable-of-profiles-elsewhere "office enabled|dialed by vpdial connect --all; nothing runs that at boot by itself|" \
	"$("$VPDIAL" --config "$work/own" enable office | tr '\n' '|')"

# What runs stays: by a supervisor that waits for the end of a look-up or of a wait.
rm "$wants"/*
sed -i 's/connect-to = a/connect-to = 127.0.0.1\npassword = "x"/' /etc/vpdial/office.conf
chmod 600 /etc/vpdial/office.conf
if [[ -c /dev/net/tun ]]; then
	"$VPDIAL" connect --foreground office >/dev/null 2>"$work/log" &
	for ((i = 0; i < 100; i++)); do
		[[ -S /run/vpdial/office.sock ]] && break
		sleep 0.1
	done
	says disable-of-what-runs disable "office disabled|it still runs; to hang it up: vpdial disconnect office|"
	"$VPDIAL" disconnect office >/dev/null
	wait
	"$VPDIAL" connect --foreground office >/dev/null 2>"$work/log" &
	for ((i = 0; i < 100; i++)); do
		[[ -S /run/vpdial/office.sock ]] && break
		sleep 0.1
	done
	"$VPDIAL" disconnect office >/dev/null
	wait
	if grep -q 'the profile is disabled, but dialed because it was named' "$work/log"; then
		ok dial-of-a-disabled-profile-is-said
	else
		fail dial-of-a-disabled-profile-is-said "$(tr '\n' '|' <"$work/log")"
	fi
else
	echo "skip disable-of-what-runs: no TUN device"
fi
finish
