#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What people meet who type for the first time: one sentence says what is wrong and what to do next.
source "$(dirname "$0")/lib.bash"

mkdir "$work/config" "$work/run"
printf '[connection]\nconnect-to = a\nuser = b\n' >"$work/config/office.conf"

vpdial() {
	"$VPDIAL" --config "$work/config" --run-dir "$work/run" "$@" </dev/null 2>&1
}

# says NAME STATUS TEXT ARGUMENT...: the command ends with STATUS and one line that holds TEXT.
says() {
	local name=$1 status=$2 text=$3 output rc
	shift 3
	output=$(vpdial "$@")
	rc=$?
	if [[ $rc == "$status" && $output == *"$text"* && $output != *$'\n'* ]]; then
		ok "$name"
	else
		fail "$name" "status $rc: $output"
	fi
}

says serve-without-its-file 2 "there is no $work/config/server.conf: write it as vpdial.conf(5) says" serve
finish
