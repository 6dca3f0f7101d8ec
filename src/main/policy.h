/* SPDX-License-Identifier: MIT */
/* The policy that `vpdial serve` runs with. */
#ifndef VPDIAL_MAIN_POLICY_H
#define VPDIAL_MAIN_POLICY_H

#include "server/serve.h"

extern const struct serve_policy main_policy;

#endif
