#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The completion files ask the program: bash for real, zsh and fish for their syntax where they are
# installed.
source "$(dirname "$0")/lib.bash"

mkdir "$work/config" "$work/run" "$work/bin"
printf '[connection]\nconnect-to = a\nuser = b\n' >"$work/config/office.conf"
ln -s "$VPDIAL" "$work/bin/vpdial"
PATH=$work/bin:$PATH
compopt() { :; } # only legal while readline completes
source "$top/completions/vpdial.bash"

# complete WORD...: the candidates for the last word, on one line.
complete_line() {
	COMP_WORDS=(vpdial "$@")
	COMP_CWORD=$#
	COMPREPLY=()
	_vpdial
	echo "${COMPREPLY[*]}"
}

test_equal bash-command "connect" "$(complete_line con)"
test_equal bash-commands "connect disconnect redial status monitor log list enable disable check serve users demo help" "$(complete_line "")"
test_equal bash-option "--foreground" "$(complete_line connect --f)"
test_equal bash-profile "office" "$(complete_line --config "$work/config" connect "")"
test_equal bash-profile-after-option "office" \
	"$(complete_line --config "$work/config" connect --timeout 5 o)"
test_equal bash-directory "$work/config" "$(complete_line --config "$work/conf")"
test_equal bash-file "$work/config/office.conf" "$(complete_line check "$work/config/off")"
test_equal bash-nothing "" "$(complete_line list x)"
for shell in bash zsh fish; do
	file=$top/completions/vpdial.$shell
	[[ $shell == zsh ]] && file=$top/completions/_vpdial
	if ! command -v $shell >/dev/null; then
		echo "skip syntax-$shell: not installed"
	elif $shell -n "$file"; then
		ok "syntax-$shell"
	else
		fail "syntax-$shell" "$file does not parse"
	fi
done
finish
