#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# `vpdial users` against a server that is played: names that act on the terminal, and an end in the
# middle of it.
source "$(dirname "$0")/lib.bash"

command -v python3 >/dev/null || { echo "skip users: not installed: python3"; finish; }
cat >"$work/server.py" <<'END'
import os, socket, struct, sys
path, user = sys.argv[1], os.fsencode(sys.argv[2])
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.bind(path)
s.listen(4)
print("listening", flush=True)
form = "<II4?16s256s8sII64s64s64s4xQQ48s16s96sQQQQ"
c, _ = s.accept()
c.recv(1000)
head = 0x56505355, 2
c.send(struct.pack(form, *head, False, False, True, True, b"<pptp-x>", user, b"pptp", 1400, 1400,
                   b"192.0.2.9", b"10.0.0.1", b"10.0.0.2", 61000, 0, b"none", b"pap", b"", 1, 2, 3, 4))
c.send(struct.pack(form, *head, True, False, False, False, *[b""] * 3, 0, 0, *[b""] * 3, 0, 0, b"", b"", b"", *[0] * 4))
s.close()
os.unlink(path)
END
# played USER ARGUMENT...: the program against that server, which is gone after one answer.
played() {
	local user=$1 server line
	shift
	coproc SERVER { exec python3 "$work/server.py" "$work/server.sock" "$user"; }
	server=$!
	read -r -t 10 line <&"${SERVER[0]}"
	[[ $line == listening ]] || echo "no server"
	"$VPDIAL" --run-dir "$work" users "$@" 2>&1
	echo "status $?"
	wait "$server"
}
test_equal user-with-a-backslash '<pptp-x> CORP\john 1400' "$(played 'CORP\john' | awk '/pptp-x/ { print $3, $4, $5 }')"
test_equal user-that-acts-on-the-terminal '<pptp-x> j?[31mn? 1400' "$(played $'j\e[31mn\xff' | awk '/pptp-x/ { print $3, $4, $5 }')"
json=$(played $'j\e"\\\xff' --json)
test_equal user-of-any-octets-in-json '"user": "j\\x1b\"\\\\\\xff",' "$(grep -o '"user": .*' <<<"$json")"
test_equal server-that-ends-while-it-hangs-up "john disconnected, 1 call status 0" "$(played john --disconnect john | tr '\n' ' ' | sed 's/ $//')"
finish
