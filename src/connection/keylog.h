/* SPDX-License-Identifier: MIT */
/* The keys of IPsec in a file, for whoever decrypts a capture (vpdial connect --ipsec-keys):
 * options of tshark, one in a line. */
#ifndef VPDIAL_CONNECTION_KEYLOG_H
#define VPDIAL_CONNECTION_KEYLOG_H

#include "base/log.h"
#include "ipc/request.h"

#include <sys/socket.h>

/* Appends what a session says of its keys, judged first; FAMILY is that of the outer addresses.
 * What cannot be written is said in the log. */
void keylog_write(int fd, sa_family_t family, const struct request_keys *keys,
		  const struct log *log);

#endif
