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
test_equal bash-commands "connect disconnect redial status wait monitor log list enable disable check import export serve users demo help" "$(complete_line "")"
test_equal bash-option "--foreground" "$(complete_line connect --f)"
test_equal bash-profile "office" "$(complete_line --config "$work/config" connect "")"
test_equal bash-profile-after-option "office" \
	"$(complete_line --config "$work/config" connect --timeout 5 o)"
test_equal bash-directory "$work/config" "$(complete_line --config "$work/conf")"
test_equal bash-file "$work/config/office.conf" "$(complete_line check "$work/config/off")"
test_equal bash-nothing "" "$(complete_line list x)"
test_equal bash-help-options "options" "$(complete_line help op)"
test_equal bash-number-is-not-guessed "" "$(complete_line connect --timeout "")"
test_equal bash-running "" "$(complete_line --run-dir "$work/run" disconnect "")"
: >"$work/run/office.sock"
test_equal bash-running-profile "office" "$(complete_line --run-dir "$work/run" disconnect "")"
rm "$work/run/office.sock"
echo change >"$work/run/killed.journal"
: >"$work/run/killed.lockdown"
echo change >"$work/run/locked.lockdown"
: >"$work/run/undone.journal"
test_equal bash-disconnect-has-what-is-left "killed locked" "$(complete_line --run-dir "$work/run" disconnect "")"
test_equal bash-redial-has-only-what-runs "" "$(complete_line --run-dir "$work/run" redial "")"
rm "$work"/run/*
test_equal bash-users-without-server "" "$(complete_line --run-dir "$work/run" users --disconnect "")"
# What a user could type stands there: names with characters that the shell takes for its own.
vpdial() { for word in '<pptp-john>' 'CORP\john' plain; do [[ $word == "$2"* ]] && echo "$word"; done; }
test_equal bash-names-are-quoted '\<pptp-john\> CORP\\john plain' "$(complete_line users --disconnect "")"
test_equal bash-quoted-beginning 'CORP\\john' "$(complete_line users --disconnect 'CORP\\j')"
unset -f vpdial

# The same questions to zsh: its function, with what it would add printed.
zsh_line() {
	zsh -f -c 'function compadd { print -r -- ${(P)2} }
		function _files { print files $* }
		words=(vpdial "${@:2}") CURRENT=$#
		source "$1"' zsh "$top/completions/_vpdial" "$@"
}
if command -v zsh >/dev/null; then
	test_equal zsh-command "connect" "$(zsh_line con)"
	test_equal zsh-option "--foreground" "$(zsh_line connect --f)"
	test_equal zsh-profile "office" "$(zsh_line --config "$work/config" connect "")"
	test_equal zsh-help-options "options" "$(zsh_line help op)"
	test_equal zsh-directory "files -/" "$(zsh_line --config "")"
	test_equal zsh-file "office files" "$(zsh_line --config "$work/config" check o | tr '\n' ' ' | sed 's/ $//')"
else
	echo "skip zsh: not installed"
fi

# fish answers by itself.
fish_line() {
	HOME=$work XDG_CONFIG_HOME=$work/fish XDG_DATA_HOME=$work/fish fish --no-config -c \
		'source $argv[1]; complete -C "$argv[2]"' "$top/completions/vpdial.fish" "$1" | tr '\n' ' ' | sed 's/ $//'
}
if command -v fish >/dev/null; then
	test_equal fish-command "connect" "$(fish_line "vpdial con")"
	test_equal fish-option "--foreground" "$(fish_line "vpdial connect --f")"
	test_equal fish-profile "office" "$(fish_line "vpdial --config $work/config connect ")"
	test_equal fish-help-options "options" "$(fish_line "vpdial help op")"
	test_equal fish-directory "$work/config/" "$(fish_line "vpdial --config $work/conf")"
else
	echo "skip fish: not installed"
fi
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
