/* SPDX-License-Identifier: MIT */
/* turn.c: whose turn it is to send, the main thread's or the worker's (worker.h). */
#ifndef VPDIAL_PATH_TURN_H
#define VPDIAL_PATH_TURN_H

#include <pthread.h>

/* NEXT makes TURN fair: who waits for the turn holds it, and the one who had the turn last queues
 * behind.  Not to be taken twice by one thread. */
struct path_turn {
	pthread_mutex_t next, turn;
};

void turn_init(struct path_turn *turn);
void turn_destroy(struct path_turn *turn);
/* Waits for it: two bursts at most. */
void turn_take(struct path_turn *turn);
void turn_give(struct path_turn *turn);

#endif
