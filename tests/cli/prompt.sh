#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The question for the password: whatever ends it, the terminal shows again what is typed.
source "$(dirname "$0")/lib.bash"

if ! command -v python3 >/dev/null; then
	echo "skip prompt: no python3"
	exit 0
fi
printf '[connection]\nconnect-to = 192.0.2.1\nuser = john\n' >"$work/lab.conf"

# answer KEY: "STATUS ECHO" after that key, or "signal N".
answer() {
	python3 - "$VPDIAL" "$work" "$1" <<-'END'
		import fcntl, os, pty, select, sys, termios, time
		program, work, key = sys.argv[1:]
		master, slave = pty.openpty()
		pid = os.fork()
		if pid == 0:
		    os.setsid()
		    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
		    for fd in range(3):
		        os.dup2(slave, fd)
		    os.execv(program, ["vpdial", "--config", work, "--run-dir", work + "/run", "connect", "lab"])
		text = b""
		while b"Password for" not in text and select.select([master], [], [], 10)[0]:
		    text += os.read(master, 1000)
		if key.startswith("signal "):
		    os.kill(pid, int(key[7:]))
		else:
		    os.write(master, bytes([int(key)]))
		end, status, stopped = time.monotonic() + 5, None, 0
		while not stopped and time.monotonic() < end:
		    stopped, status = os.waitpid(pid, os.WNOHANG | os.WUNTRACED)
		    time.sleep(0.02)
		echo = termios.tcgetattr(slave)[3] & termios.ECHO
		if not stopped or os.WIFSTOPPED(status):
		    os.kill(pid, 9)
		print("status", os.waitstatus_to_exitcode(status) if stopped else "none", "echo" if echo else "no echo")
	END
}

test_equal interrupt-gives-up-with-echo 'status 5 echo' "$(answer 3)"
test_equal quit-gives-up-with-echo 'status 5 echo' "$(answer 28)"
test_equal end-of-input-gives-up-with-echo 'status 5 echo' "$(answer 4)"
test_equal termination-gives-up-with-echo 'status 5 echo' "$(answer 'signal 15')"
test_equal hang-up-gives-up-with-echo 'status 5 echo' "$(answer 'signal 1')"
finish
