/* SPDX-License-Identifier: MIT */
/* The server's reader: a confined process, as a session is, which reads what strangers send over
 * UDP before any call is there.  Today that is L2TP's first messages. */
#ifndef VPDIAL_SESSION_READER_H
#define VPDIAL_SESSION_READER_H

#include "base/log.h"

/* Speaks to the server over SERVER_FD until it ends.  LOG as the process has it, its level is set
 * here.  Returns an exit status. */
int reader_run(int server_fd, struct log *log);

#endif
