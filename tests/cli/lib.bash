# SPDX-License-Identifier: MIT
# What the tests of the command line share: ok, fail, a private directory, the end.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
VPDIAL=${VPDIAL:-$top/build/vpdial}
[[ $VPDIAL == /* ]] || VPDIAL=$PWD/$VPDIAL
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

ok() {
	echo "ok $1"
}

fail() {
	echo "FAIL $1: $2"
	failed=1
}

# test_equal NAME WANT GOT
test_equal() {
	if [[ $2 == "$3" ]]; then ok "$1"; else fail "$1" "wanted $(printf %q "$2"), got $(printf %q "$3")"; fi
}

finish() {
	exit "$failed"
}

if [[ ! -x $VPDIAL ]]; then
	fail setup "no program at $VPDIAL"
	finish
fi
