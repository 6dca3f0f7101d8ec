/* SPDX-License-Identifier: MIT */
/* The supervisor's own command line; it is written by `vpdial connect`, not by people. */
#include "connection/options.h"

#include "base/reason.h"
#include "conf/profile.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool number_of(const char *text, long max, long *value)
{
	char *end;

	errno = 0;
	*value = strtol(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' && *value >= 0 && *value <= max;
}

static bool take_option(struct options *o, int option, const char *value)
{
	long n = 0;

	switch (option) {
	case 'c':
		o->config = value;
		return true;
	case 'r':
		o->run_dir = value;
		return true;
	case 'd':
		o->debug = true;
		return true;
	case 'f':
		o->foreground = true;
		return true;
	case 'R':
		o->recover = true;
		return true;
	case 'a':
		o->redial = true;
		return true;
	case 't':
		if (!number_of(value, 86400, &n))
			return false;
		o->timeout_s = (uint32_t)n;
		return true;
	case 'C':
	case 'P':
	case 'K':
		if (!number_of(value, 1023, &n))
			return false;
		*(option == 'C'	  ? &o->control_fd
		  : option == 'P' ? &o->secrets_fd
				  : &o->keys_fd) = (int)n;
		return true;
	default:
		return false;
	}
}

int options_parse(struct options *o, int argc, char **argv)
{
	static const struct option names[] = {
		{"config", required_argument, NULL, 'c'},
		{"run-dir", required_argument, NULL, 'r'},
		{"debug", no_argument, NULL, 'd'},
		{"foreground", no_argument, NULL, 'f'},
		{"recover", no_argument, NULL, 'R'},
		{"redial", no_argument, NULL, 'a'},
		{"timeout", required_argument, NULL, 't'},
		{"control-fd", required_argument, NULL, 'C'},
		{"secrets-fd", required_argument, NULL, 'P'},
		{"ipsec-keys-fd", required_argument, NULL, 'K'},
		{NULL, 0, NULL, 0},
	};
	int option;

	*o = (struct options){.control_fd = -1, .secrets_fd = -1, .keys_fd = -1};
	optind = 1;
	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (!take_option(o, option, optarg)) {
			fputs("vpdial supervise: bad option; this command is for `vpdial "
			      "connect`\n",
			      stderr);
			return EXIT_OPTIONS;
		}
	}
	if (optind + 1 != argc || !conf_name_valid(argv[optind])) {
		fputs("vpdial supervise: one profile name is wanted\n", stderr);
		return EXIT_OPTIONS;
	}
	o->name = argv[optind];
	return 0;
}
