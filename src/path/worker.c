/* SPDX-License-Identifier: MIT */
/* The sending thread: its life, and the path it sends for. */
#include "path/internal.h"
#include "path/turn.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* A burst needs some kilobytes: what it works on lies in the path. */
#ifdef VPDIAL_SANITIZED
#define STACK (512 << 10)
#else
#define STACK (64 << 10)
#endif

struct path_worker {
	struct path_turn turn;
	struct path *path; /* with the turn; NULL = nothing to do */
	int epoll_fd;	   /* the path's TUN device, while there is a path; STOP_FD */
	int stop_fd;
	pthread_t thread;
	sem_t started;
	_Atomic bool stop;
	_Atomic uint64_t busy_us;
};

/* One burst, if there is still a path to send for. */
static void send_turn(struct path_worker *w, bool readable)
{
	uint64_t start = clock_now_us(), spent;

	turn_take(&w->turn);
	if (w->path && readable)
		path_send_burst(w->path, start / 1000);
	else if (w->path) /* the device was deleted: the main thread hears of it too */
		epoll_ctl(w->epoll_fd, EPOLL_CTL_DEL, w->path->config.tun_fd, NULL);
	turn_give(&w->turn);
	spent = clock_now_us() - start;
	atomic_store_explicit(&w->busy_us,
			      atomic_load_explicit(&w->busy_us, memory_order_relaxed) + spent,
			      memory_order_relaxed);
}

static void *work(void *arg)
{
	struct path_worker *w = arg;
	struct epoll_event event;

	sem_post(&w->started);
	while (!atomic_load(&w->stop))
		if (epoll_wait(w->epoll_fd, &event, 1, -1) == 1 && event.data.fd != w->stop_fd)
			send_turn(w, event.events & EPOLLIN);
	return NULL;
}

/* Signals are the main thread's. */
static int start_thread(struct path_worker *w)
{
	pthread_attr_t attr;
	sigset_t all, before;
	int error = pthread_attr_init(&attr);

	if (error)
		return error;
	error = pthread_attr_setstacksize(&attr, STACK);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (!error)
		error = pthread_create(&w->thread, &attr, work, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	if (!error)
		while (sem_wait(&w->started) < 0 && errno == EINTR)
			;
	return error;
}

static void release_all(struct path_worker *w)
{
	if (w->epoll_fd >= 0)
		close(w->epoll_fd);
	if (w->stop_fd >= 0)
		close(w->stop_fd);
	sem_destroy(&w->started);
	turn_destroy(&w->turn);
	free(w);
}

struct path_worker *path_worker_new(void)
{
	struct path_worker *w = calloc(1, sizeof *w);
	struct epoll_event event = {.events = EPOLLIN};

	if (!w)
		return NULL;
	turn_init(&w->turn);
	sem_init(&w->started, 0, 0);
	w->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	w->stop_fd = event.data.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->epoll_fd < 0 || w->stop_fd < 0 ||
	    epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, w->stop_fd, &event) < 0 || start_thread(w)) {
		release_all(w);
		return NULL;
	}
	return w;
}

void path_worker_free(struct path_worker *w)
{
	if (!w)
		return;
	path_worker_release(w);
	atomic_store(&w->stop, true);
	eventfd_write(w->stop_fd, 1); /* the first one: it cannot be full */
	pthread_join(w->thread, NULL);
	release_all(w);
}

int path_worker_take(struct path_worker *w, struct path *path)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = path->config.tun_fd};
	int rc;

	if (w->path || path->worker)
		return -EBUSY;
	turn_take(&w->turn);
	w->path = path;
	turn_give(&w->turn);
	path->worker = w;
	path->turn = &w->turn;
	rc = epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, path->config.tun_fd, &event) < 0 ? -errno : 0;
	if (rc < 0)
		path_worker_release(w);
	return rc;
}

void path_worker_release(struct path_worker *w)
{
	struct path *path = w->path; /* only the main thread writes it: no turn to read */

	if (!path)
		return;
	turn_take(&w->turn);
	epoll_ctl(w->epoll_fd, EPOLL_CTL_DEL, path->config.tun_fd, NULL);
	w->path = NULL;
	turn_give(&w->turn);
	path->worker = NULL;
	path->turn = NULL;
}

uint64_t path_worker_busy_us(const struct path_worker *w)
{
	return atomic_load_explicit(&w->busy_us, memory_order_relaxed);
}
