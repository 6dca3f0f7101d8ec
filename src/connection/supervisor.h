/* SPDX-License-Identifier: MIT */
/* The supervisor: lives as long as the profile is up.  It makes sockets and device, starts a
 * session for the call, judges what the session asks for, applies it to the machine, answers the
 * control socket and undoes everything at the end.  It parses nothing from the network. */
#ifndef VPDIAL_CONNECTION_SUPERVISOR_H
#define VPDIAL_CONNECTION_SUPERVISOR_H

/* The program behind `vpdial supervise`, which `vpdial connect` executes:
 *
 *   [--config DIR] [--run-dir DIR] [--debug] [--foreground] [--timeout SECONDS]
 *   [--control-fd N] [--secrets-fd N] NAME       dials and stays until the end
 *   --recover [--run-dir DIR] NAME                undoes what a killed supervisor left
 *
 * CONTROL-FD is the first watcher (see ipc/control.h), PASSWORD-FD gives the password up to its
 * end.  Returns the exit status. */
int supervisor_main(int argc, char **argv);

#endif
