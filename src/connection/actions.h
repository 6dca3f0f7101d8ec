/* SPDX-License-Identifier: MIT */
/* What the events of a connection's life make happen. */
#ifndef VPDIAL_CONNECTION_ACTIONS_H
#define VPDIAL_CONNECTION_ACTIONS_H

#include "connection/life.h"

/* Their context is a struct supervisor. */
extern const struct life_actions connection_actions;

#endif
