#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Where no package manager of Debian is, scripts/install-deps looks for the libraries' headers, each of
# them, and names what is to be installed.
source "$(dirname "$0")/lib.bash"

mkdir "$work/bin"
for program in bash cat; do ln -s "$(command -v $program)" "$work/bin/"; done
# A compiler that finds all headers but one.
printf '#!/bin/bash\n[[ $(cat) != *"$MISSING"* ]]\n' >"$work/bin/cc"
chmod 755 "$work/bin/cc"

# lacks HEADER: what the script says where it is not there, its status first.
lacks() {
	local said
	said=$(PATH=$work/bin MISSING=$1 CC=cc "$BASH" "$top/scripts/install-deps" build 2>&1)
	echo "$? ${said%%.*}"
}
for header in openssl/evp.h netlink/netlink.h iniparser.h jansson.h seccomp.h cap-ng.h curses.h expat.h; do
	test_equal "foreign-machine-without-$header" "1 This is not Debian" "$(lacks "<$header>")"
done
test_equal foreign-machine-with-all-headers "0 " "$(lacks '<none.h>')"
finish
