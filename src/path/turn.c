/* SPDX-License-Identifier: MIT */
/* Whose turn it is to send. */
#include "path/turn.h"

#include "path/internal.h"

void turn_init(struct path_turn *turn)
{
	pthread_mutex_init(&turn->next, NULL);
	pthread_mutex_init(&turn->turn, NULL);
}

void turn_destroy(struct path_turn *turn)
{
	pthread_mutex_destroy(&turn->turn);
	pthread_mutex_destroy(&turn->next);
}

void turn_take(struct path_turn *turn)
{
	pthread_mutex_lock(&turn->next);
	pthread_mutex_lock(&turn->turn);
	pthread_mutex_unlock(&turn->next);
}

void turn_give(struct path_turn *turn)
{
	pthread_mutex_unlock(&turn->turn);
}

void path_turn_take(struct path *path)
{
	if (path->turn)
		turn_take(path->turn);
}

void path_turn_give(struct path *path)
{
	if (path->turn)
		turn_give(path->turn);
}
