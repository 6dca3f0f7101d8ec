#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What compiler and linker put into both programs to make faults harder to use.
source "$(dirname "$0")/lib.bash"

if ! command -v readelf >/dev/null || ! command -v objdump >/dev/null; then
	echo "skip hardening: no binutils"
	exit 0
fi

# has NAME PATTERN TEXT: a line of TEXT matches.
has() {
	if grep -qE -- "$2" <<<"$3"; then ok "$1"; else fail "$1" "nothing matches $2"; fi
}
has_not() {
	if grep -qE -- "$2" <<<"$3"; then fail "$1" "$(grep -m 1 -E -- "$2" <<<"$3")"; else ok "$1"; fi
}

# guarded FILE: every object in it is noted for indirect branch tracking and shadow stacks.
guarded() {
	[ -e "$1" ] || return 1
	readelf -nW "$1" 2>/dev/null | awk '
		function end() { if (seen && !noted) bad = 1; noted = 0 }
		/^File: / { end(); seen = 1 }
		/IBT, SHSTK/ { noted = 1; some = 1 }
		END { end(); exit bad || !some }'
}

for program in "$VPDIAL" "$(dirname "$VPDIAL")/vpdial-session" "$(dirname "$VPDIAL")/vpdial-radius"; do
	name=$(basename "$program")
	head=$(readelf -hW "$program")
	segments=$(readelf -lW "$program")
	dynamic=$(readelf -dW "$program")
	symbols=$(readelf -W --dyn-syms "$program")
	has "$name-is-position-independent" 'Type: +DYN' "$head"
	has "$name-has-relocations-read-only" 'GNU_RELRO' "$segments"
	has "$name-is-bound-at-start" 'BIND_NOW|\(FLAGS_1\).*NOW' "$dynamic"
	has "$name-has-no-executable-stack" 'GNU_STACK .* RW +0x' "$segments"
	has_not "$name-has-no-segment-to-write-and-execute" 'LOAD .* RWE ' "$segments"
	has_not "$name-has-no-relocation-in-its-code" 'TEXTREL' "$dynamic"
	has_not "$name-has-no-search-path-for-libraries" 'RPATH|RUNPATH' "$dynamic"
	has "$name-has-guarded-stacks" '__stack_chk_fail' "$symbols"
	case $symbols in
	*__asan_init*) echo "skip $name-has-checked-functions: sanitizers replace them" ;;
	*) has "$name-has-checked-functions" '__(memcpy|snprintf|vsnprintf|memset)_chk' "$symbols" ;;
	esac
	# Of an x86 alone can be told whether the compiler marked where jumps may land.
	if [[ $head == *X86-64* ]]; then
		count=$(objdump -d "$program" | grep -c 'endbr64')
		if ((count > 100)); then ok "$name-marks-targets-of-jumps"; else fail "$name-marks-targets-of-jumps" "only $count"; fi
		# The linker drops the note where any object lacks it, and start files of some C libraries
		# (Debian 12's) do: then no program can have it.
		for start in Scrt1.o crti.o crtbeginS.o crtendS.o crtn.o; do
			guarded "$(gcc -print-file-name=$start 2>/dev/null)" || continue 2
		done
		has "$name-is-noted-for-control-flow-guards" 'IBT, SHSTK' "$(readelf -nW "$program")"
	fi
done
# Ours all have it, one row for each room's archive.
if [[ $head == *X86-64* ]]; then
	for archive in "$(dirname "$VPDIAL")"/lib*.a; do
		[ -e "$archive" ] || continue
		name=$(basename "$archive" .a)
		if guarded "$archive"; then ok "$name-is-noted-for-control-flow-guards"; else
			fail "$name-is-noted-for-control-flow-guards" "an object of it is not"; fi
	done
fi
finish
