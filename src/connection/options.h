/* SPDX-License-Identifier: MIT */
/* The supervisor's own command line; `vpdial connect` writes it. */
#ifndef VPDIAL_CONNECTION_OPTIONS_H
#define VPDIAL_CONNECTION_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct options {
	const char *name;
	const char *config; /* NULL = default */
	const char *run_dir;
	bool debug, foreground, recover, redial;
	uint32_t timeout_s;
	int control_fd, secrets_fd, keys_fd; /* -1 = none */
};

/* 0, or an exit status after a message on stderr. */
int options_parse(struct options *o, int argc, char **argv);

#endif
