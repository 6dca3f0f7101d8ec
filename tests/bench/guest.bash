# shellcheck shell=bash
# vpdial in the client's guest of tests/lab, as commands like lab-dial and lab-hangup.

# It installs vpdial-dial [SECONDS], which prints the time of "connect" in ms or fails with
# what it said, and vpdial-hangup.  Fails if the guest has no TUN device.
vpdial_tools() { # vpdial_tools TYPE [USE-ENCRYPTION]
	local dir=$LAB_TMP/client
	mkdir -p "$dir/profiles"
	printf '[connection]\ntype = %s\nconnect-to = 10.77.0.1\nuser = alice\npassword = "Lab-Pass1"\nuse-encryption = %s\nallow = mschap2\nuse-peer-dns = yes\n' \
		"$1" "${2:-require}" >"$dir/profiles/lab.conf"
	chmod 600 "$dir/profiles/lab.conf"
	cat >"$dir/vpdial-dial" <<-END
		#!/bin/bash
		start=\$(date +%s%N)
		if said=\$($VPDIAL --config $dir/profiles --run-dir /run/vpdial connect lab --timeout \${1:-30} 2>&1 </dev/null); then
			up=\$(date +%s%N)
			echo \$(((up - start) / 1000000))
		else
			rc=\$?
			echo "status \$rc: \$(echo "\$said" | tail -n 1)"
			exit 1
		fi
	END
	cat >"$dir/vpdial-hangup" <<-END
		#!/bin/bash
		$VPDIAL --config $dir/profiles --run-dir /run/vpdial disconnect lab >/dev/null 2>&1
		for ((i = 0; i < 60; i++)); do
			pgrep vpdial >/dev/null || exit 0
			sleep 0.05
		done
		pkill -KILL vpdial
	END
	chmod 755 "$dir"/vpdial-*
	on_client "modprobe tun; cp $dir/vpdial-dial $dir/vpdial-hangup /usr/local/bin/; mkdir -p /run/vpdial; [ -c /dev/net/tun ]"
}
