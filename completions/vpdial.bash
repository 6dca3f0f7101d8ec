# bash completion for vpdial(8): asks the program itself
_vpdial() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}

	case $prev in
	--config | --run-dir)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		return
		;;
	--ipsec-keys)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	esac
	# Users' and interfaces' names, as <pptp-john>, mean something else to the shell: quoted they go
	# in and come out.
	local word
	# shellcheck disable=SC2162  # the backslashes are what it is for
	IFS= read word <<<"$cur"
	mapfile -t COMPREPLY < <("${COMP_WORDS[0]}" complete-words "$word" \
		"${COMP_WORDS[@]:1:COMP_CWORD-1}" 2>/dev/null | while IFS= read -r word; do
			printf '%q\n' "$word"
		done)
	if [[ " ${COMP_WORDS[*]:1:COMP_CWORD-1} " == *" "@(check|import)" "* && $cur != -* ]]; then
		compopt -o filenames
		local -a files
		mapfile -t files < <(compgen -f -- "$cur")
		COMPREPLY+=("${files[@]}")
	fi
}
complete -F _vpdial vpdial
