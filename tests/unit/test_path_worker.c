/* SPDX-License-Identifier: MIT */
/* Two data paths whose sending is done by threads of their own while this one receives: what leaves
 * is judged octet by octet, by its numbers and by how it is encrypted.  Socket pairs stand for the
 * TUN devices, and for the wire of GRE; a thread feeds the devices as fast as they take it.
 *
 * This test is also run under ThreadSanitizer (make tsan). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/reason.h"
#include "crypto/crypto.h"
#include "path/path.h"
#include "path/worker.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEAD	20  /* of an inner IPv4 packet */
#define WINDOW	200 /* packets on their way: fewer than any buffer holds */
#define BURST	32  /* packets of one burst, PATH_READS */
#define PATIENT 20000

struct mode {
	enum protocol encap;
	unsigned bits;
	bool stateful;
	bool esp;
};

static const struct mode modes[] = {
	{PROTOCOL_PPTP, 0, false, false},   {PROTOCOL_PPTP, 128, false, false},
	{PROTOCOL_PPTP, 128, true, false},  {PROTOCOL_L2TP, 0, false, false},
	{PROTOCOL_L2TP, 128, false, false}, {PROTOCOL_L2TP, 128, true, false},
	{PROTOCOL_L2TP, 0, false, true},
};
static const struct mode *const in_esp = &modes[6];

struct end {
	struct path *path;
	struct path_worker *worker;
	int tun, path_tun;    /* ours; the path's */
	int wire, path_wire;  /* GRE: ours; the path's (L2TP: the path's is the socket) */
	uint32_t fed, got;    /* packets put into the device, that came out of it */
	uint32_t next_number; /* GRE: what the wire must show next */
	unsigned controls;    /* control frames that came */
	uint32_t clear;	      /* frames that left in clear */
};

struct pair {
	const struct mode *mode;
	struct end a, b;
};

static void on_control(void *ctx, uint16_t protocol, const uint8_t *info, size_t len)
{
	struct end *e = ctx;

	assert_int_equal(protocol, 0xc021);
	assert_int_equal(len, 8);
	assert_int_equal(info[0], 9);
	e->controls++;
}

static void on_unknown(void *ctx, uint16_t protocol, const uint8_t *info, size_t len)
{
	(void)ctx;
	(void)info;
	fail_msg("protocol %04x, %zu octets", protocol, len);
}

static void on_tunnel(void *ctx, const uint8_t *octets, size_t len)
{
	(void)ctx;
	(void)octets;
	fail_msg("tunnel, %zu octets", len);
}

static void on_error(void *ctx, int error)
{
	(void)ctx;
	fail_msg("error %d", error);
}

static void on_resync(void *ctx)
{
	(void)ctx;
	fail_msg("resync");
}

static void big_buffers(int fd)
{
	int size = 4 << 20;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

static void make_pair_of_sockets(int *ours, int *theirs)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds), 0);
	big_buffers(fds[0]);
	big_buffers(fds[1]);
	*ours = fds[0];
	*theirs = fds[1];
}

static int udp(struct sockaddr_in *at)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	socklen_t len = sizeof *at;

	*at = (struct sockaddr_in){.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	assert_int_equal(bind(fd, (struct sockaddr *)at, sizeof *at), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)at, &len), 0);
	big_buffers(fd);
	return fd;
}

static void set_state(struct end *e, const struct mode *m, uint8_t key, bool blocked)
{
	struct path_state state = {
		.ipv4 = true, .tx_blocked = blocked, .rx_clear = m->bits == 0, .peer_mru = 1500};

	state.tx = (struct path_mppe){.bits = (uint8_t)m->bits,
				      .stateful = m->stateful,
				      .start = {key},
				      .generation = key};
	state.rx = state.tx;
	path_set_state(e->path, &state);
}

static struct esp_keys keys_of(uint32_t spi)
{
	struct esp_keys keys = {.spi = spi,
				.suite = {IPSEC_AES_GCM, IPSEC_HASH_NONE, IPSEC_GROUP_NONE, 256},
				.key_len = 32};

	memset(keys.key, (int)spi, sizeof keys.key);
	return keys;
}

/* New keys from one end to the other: who receives has them first. */
static void rekey(struct end *from, struct end *to, uint32_t spi)
{
	struct esp_keys keys = keys_of(spi);

	assert_int_equal(path_esp_receive(to->path, &keys), 0);
	assert_int_equal(path_esp_send(from->path, &keys), 0);
}

static void make_end(struct end *e, const struct mode *m, const struct sockaddr_in *peer,
		     uint16_t own, uint16_t other)
{
	const struct path_callbacks callbacks = {.control = on_control,
						 .unknown = on_unknown,
						 .tunnel = on_tunnel,
						 .error = on_error,
						 .resync = on_resync,
						 .ctx = e};
	const struct path_call call = {.local_tunnel_id = own,
				       .peer_tunnel_id = other,
				       .local_call_id = own,
				       .peer_call_id = other,
				       .sequencing = true};
	struct path_config config = {.encap = m->encap, .peer_len = sizeof *peer};

	make_pair_of_sockets(&e->tun, &e->path_tun);
	if (m->encap == PROTOCOL_PPTP)
		make_pair_of_sockets(&e->wire, &e->path_wire);
	else
		e->wire = -1;
	config.tun_fd = e->path_tun;
	config.wire_fd = e->path_wire;
	memcpy(&config.peer, peer, sizeof *peer);
	config.udp_segment = m->encap == PROTOCOL_L2TP;
	config.esp = m->esp;
	if (m->esp)
		assert_int_equal(connect(e->path_wire, (const struct sockaddr *)peer, sizeof *peer),
				 0);
	e->path = path_new(&config, &callbacks, NULL);
	assert_non_null(e->path);
	path_set_call(e->path, &call);
	e->worker = path_worker_new();
	assert_non_null(e->worker);
	set_state(e, m, 'k', false);
}

static struct pair *pair_new(const struct mode *m)
{
	struct pair *p = calloc(1, sizeof *p);
	struct sockaddr_in at_a = {0}, at_b = {0};

	assert_non_null(p);
	p->mode = m;
	if (m->encap == PROTOCOL_L2TP) {
		p->a.path_wire = udp(&at_a);
		p->b.path_wire = udp(&at_b);
	}
	make_end(&p->a, m, &at_b, 1, 2);
	make_end(&p->b, m, &at_a, 2, 1);
	if (m->esp) {
		rekey(&p->a, &p->b, 1000);
		rekey(&p->b, &p->a, 2000);
	}
	return p;
}

static void pair_free(struct pair *p)
{
	struct end *ends[2] = {&p->a, &p->b};

	for (int i = 0; i < 2; i++) {
		path_free(ends[i]->path);
		path_worker_free(ends[i]->worker);
		close(ends[i]->tun);
		close(ends[i]->path_tun);
		close(ends[i]->path_wire);
		if (ends[i]->wire >= 0)
			close(ends[i]->wire);
	}
	free(p);
}

static size_t packet_len(uint32_t number)
{
	return HEAD + 4 + number * 37 % 1300;
}

/* Packet NUMBER of a direction, every octet of it. */
static size_t write_packet(uint8_t *p, uint32_t number)
{
	size_t len = packet_len(number);

	memset(p, 0, HEAD);
	p[0] = 0x45;
	p[2] = (uint8_t)(len >> 8);
	p[3] = (uint8_t)len;
	p[8] = 64;
	p[9] = 253;
	for (int i = 0; i < 4; i++)
		p[HEAD + i] = (uint8_t)(number >> (24 - 8 * i));
	for (size_t i = HEAD + 4; i < len; i++)
		p[i] = (uint8_t)(i * 7 + number);
	return len;
}

static bool feed(struct end *e)
{
	uint8_t packet[1500];
	size_t len = write_packet(packet, e->fed);

	if (send(e->tun, packet, len, MSG_DONTWAIT) != (ssize_t)len)
		return false;
	e->fed++;
	return true;
}

/* What came out of the device: the packets from GOT on, in order, none missing. */
static void collect(struct end *e)
{
	uint8_t packet[1500], wanted[1500];
	ssize_t n;

	while ((n = recv(e->tun, packet, sizeof packet, MSG_DONTWAIT)) > 0) {
		assert_int_equal(n, write_packet(wanted, e->got));
		if (memcmp(packet, wanted, (size_t)n) != 0)
			fail_msg("packet %u came otherwise", e->got);
		e->got++;
	}
}

/* The wire of GRE, from one end to the other: each packet bears the next number; a raw socket puts
 * the IP header before it. */
static void relay(struct end *from, struct end *to)
{
	uint8_t octets[2048] = {0x45};
	uint8_t *gre = octets + 20;
	ssize_t n;

	while ((n = recv(from->wire, gre, sizeof octets - 20, MSG_DONTWAIT)) > 0) {
		size_t total = 20 + (size_t)n, head = gre[1] & 0x80 ? 16 : 12;

		if (gre[0] & 0x10) {
			uint32_t number = (uint32_t)gre[8] << 24 | (uint32_t)gre[9] << 16 |
					  (uint32_t)gre[10] << 8 | gre[11];

			/* What a full wire does not take is missing. */
			if (to)
				assert_int_equal(number, from->next_number);
			else
				assert_true(number >= from->next_number);
			from->next_number = number + 1;
			if (memcmp(gre + head, "\xff\x03\x00\xfd", 4) != 0 &&
			    memcmp(gre + head, "\xff\x03\xc0\x21", 4) != 0)
				from->clear++;
		}
		octets[2] = (uint8_t)(total >> 8);
		octets[3] = (uint8_t)total;
		octets[9] = 47;
		if (to)
			assert_int_equal(send(to->wire, octets, total, 0), (ssize_t)total);
	}
}

static void receive(struct pair *p)
{
	if (p->mode->encap == PROTOCOL_PPTP) {
		relay(&p->a, &p->b);
		relay(&p->b, &p->a);
	}
	while (path_burst_rx(p->a.path, clock_now_ms()))
		;
	while (path_burst_rx(p->b.path, clock_now_ms()))
		;
	path_tick(p->a.path, clock_now_ms());
	path_tick(p->b.path, clock_now_ms());
	collect(&p->a);
	collect(&p->b);
}

/* COUNT more packets both ways at once; returns when all have come. */
static void exchange(struct pair *p, uint32_t count)
{
	uint32_t to_a = p->b.fed + count, to_b = p->a.fed + count;
	uint64_t end = clock_now_ms() + PATIENT;

	while (p->a.got < to_a || p->b.got < to_b) {
		while (p->a.fed < to_b && p->a.fed - p->b.got < WINDOW && feed(&p->a))
			;
		while (p->b.fed < to_a && p->b.fed - p->a.got < WINDOW && feed(&p->b))
			;
		receive(p);
		if (clock_now_ms() > end)
			fail_msg("%u and %u of %u packets came", p->a.got, p->b.got, to_a);
	}
}

static void assert_in_order(struct end *e)
{
	const struct path_counters *c = path_counters(e->path);

	assert_int_equal(c->tx_packets, e->fed);
	assert_int_equal(c->rx_packets, e->got);
	assert_int_equal(c->rx_lost + c->rx_late + c->rx_duplicate + c->rx_too_late, 0);
	assert_int_equal(c->rx_malformed + c->rx_wrong_id + c->rx_not_open + c->rx_bad_mppe, 0);
	assert_int_equal(c->tx_blocked + c->tx_too_big + c->tx_full + c->wire_errors, 0);
	assert_int_equal(c->esp_bad + c->esp_replayed + c->esp_unknown, 0);
}

static void both_directions_at_once_arrive_octet_by_octet(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		struct pair *p = pair_new(&modes[i]);

		assert_int_equal(path_worker_take(p->a.worker, p->a.path), 0);
		assert_int_equal(path_worker_take(p->b.worker, p->b.path), 0);
		exchange(p, 2000);
		assert_in_order(&p->a);
		assert_in_order(&p->b);
		assert_true(path_worker_busy_us(p->a.worker) > 0);
		pair_free(p);
	}
}

/* The worker comes and goes a hundred times under traffic: numbers, counts and the stateful stream
 * go on where the other thread left them. */
static void worker_comes_and_goes_without_a_gap(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		struct pair *p = pair_new(&modes[i]);

		for (unsigned round = 0; round < 100; round++) {
			struct end *e = round % 3 ? &p->a : &p->b;

			assert_int_equal(path_worker_take(p->a.worker, p->a.path), 0);
			assert_int_equal(path_worker_take(p->b.worker, p->b.path), 0);
			exchange(p, 30);
			for (uint32_t n = 0; n < 20; n++)
				assert_true(feed(e));
			path_worker_release(p->a.worker);
			path_worker_release(p->b.worker);
			/* What the worker did not take is for the main thread. */
			while (path_burst_tx(p->a.path, 1) || path_burst_tx(p->b.path, 1))
				;
			while (p->a.got < p->b.fed || p->b.got < p->a.fed)
				receive(p);
		}
		assert_in_order(&p->a);
		assert_in_order(&p->b);
		pair_free(p);
	}
}

/* Keys change under traffic while the workers send: no packet is lost, none goes by keys that are
 * gone, and each number is used once. */
static void keys_of_esp_change_while_workers_send(void **state)
{
	struct pair *p = pair_new(in_esp);
	(void)state;

	assert_int_equal(path_worker_take(p->a.worker, p->a.path), 0);
	assert_int_equal(path_worker_take(p->b.worker, p->b.path), 0);
	for (uint32_t round = 1; round <= 100; round++) {
		for (uint32_t n = 0; n < 20; n++)
			assert_true(feed(&p->a) && feed(&p->b));
		rekey(&p->a, &p->b, 1000 + round);
		rekey(&p->b, &p->a, 2000 + round);
		exchange(p, 20);
		assert_true(path_esp_newest(p->a.path) >= 20);
		path_esp_forget(p->b.path, 1000 + round - 1);
		path_esp_forget(p->a.path, 2000 + round - 1);
	}
	assert_in_order(&p->a);
	assert_in_order(&p->b);
	pair_free(p);
}

/* Floods a device from a thread of its own; a thread that never rests must stop when told. */
struct flood {
	int fd;
	pthread_t thread;
	_Atomic bool stop;
	_Atomic uint32_t sent;
};

static void *flood_work(void *arg)
{
	struct flood *f = arg;
	struct pollfd room = {.fd = f->fd, .events = POLLOUT};
	uint8_t packet[1500];

	for (uint32_t n = 0; !atomic_load(&f->stop); n++) {
		size_t len = write_packet(packet, n);

		while (!atomic_load(&f->stop) && send(f->fd, packet, len, MSG_DONTWAIT) < 0)
			poll(&room, 1, 1);
		atomic_store(&f->sent, n);
	}
	return NULL;
}

static void flood_start(struct flood *f, const struct end *e)
{
	*f = (struct flood){.fd = e->tun};
	assert_int_equal(pthread_create(&f->thread, NULL, flood_work, f), 0);
}

static void flood_stop(struct flood *f)
{
	atomic_store(&f->stop, true);
	pthread_join(f->thread, NULL);
}

/* Bursts of the worker wait for leave in this test, and it is seen what leaves when. */
static struct {
	_Atomic bool on;
	sem_t entered, leave;
	_Atomic unsigned bursts, sent_after; /* begun; when the control frame left */
	_Atomic int tid;
	struct path *path;
} gate;

bool __real_path_send_burst(struct path *path, uint64_t now_ms);
bool __wrap_path_send_burst(struct path *path, uint64_t now_ms);
ssize_t __real_sendto(int fd, const void *octets, size_t len, int flags, const struct sockaddr *to,
		      socklen_t to_len);
ssize_t __wrap_sendto(int fd, const void *octets, size_t len, int flags, const struct sockaddr *to,
		      socklen_t to_len);

bool __wrap_path_send_burst(struct path *path, uint64_t now_ms)
{
	bool more = __real_path_send_burst(path, now_ms);

	struct timespec limit;

	if (gate.on) {
		gate.bursts++;
		sem_post(&gate.entered);
		/* One that is not to be under way must not hold up the verdict. */
		clock_gettime(CLOCK_REALTIME, &limit);
		limit.tv_sec += 2;
		sem_timedwait(&gate.leave, &limit);
	}
	return more;
}

ssize_t __wrap_sendto(int fd, const void *octets, size_t len, int flags, const struct sockaddr *to,
		      socklen_t to_len)
{
	if (gate.on)
		gate.sent_after = gate.bursts;
	return __real_sendto(fd, octets, len, flags, to, to_len);
}

static void *ask(void *arg)
{
	const uint8_t echo[8] = {9, 1, 0, 8};

	gate.tid = gettid();
	path_send_control(gate.path, 0xc021, echo, sizeof echo);
	return arg;
}

/* Its only reason to sleep is that it has not the turn. */
static void wait_until_it_sleeps(void)
{
	char name[64], text[512] = "";

	while (!gate.tid)
		sched_yield();
	snprintf(name, sizeof name, "/proc/self/task/%d/stat", gate.tid);
	while (!strstr(text, ") S ")) {
		FILE *f = fopen(name, "r");

		assert_non_null(f);
		assert_non_null(fgets(text, sizeof text, f));
		fclose(f);
		sched_yield();
	}
}

/* A plain mutex would let the worker have turn after turn while there is something to send. */
static void control_frame_goes_out_before_the_next_burst(void **state)
{
	(void)state;
	sem_init(&gate.entered, 0, 0);
	sem_init(&gate.leave, 0, 0);
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		struct pair *p = pair_new(&modes[i]);

		while (p->a.fed < 1000 && feed(&p->a))
			;
		assert_true(p->a.fed > 20 * BURST);
		gate.path = p->a.path;
		gate.on = true;
		assert_int_equal(path_worker_take(p->a.worker, p->a.path), 0);
		for (unsigned n = 0; n < 10; n++) {
			unsigned begun;
			pthread_t asker;

			sem_wait(&gate.entered); /* the worker has the turn */
			begun = gate.bursts;
			gate.tid = 0;
			assert_int_equal(pthread_create(&asker, NULL, ask, NULL), 0);
			wait_until_it_sleeps();
			sem_post(&gate.leave);
			pthread_join(asker, NULL);
			assert_int_equal(gate.sent_after, begun);
		}
		gate.on = false;
		sem_post(&gate.leave);
		pair_free(p);
		while (sem_trywait(&gate.entered) == 0 || sem_trywait(&gate.leave) == 0)
			;
	}
}

/* Encryption ends, begins with other keys, and so on, while the device is flooded. */
static void state_changes_under_load_and_nothing_leaves_in_clear(void **state)
{
	const struct mode *encrypted[] = {&modes[1], &modes[2]};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct pair *p = pair_new(encrypted[i]);
		const struct mode down = {PROTOCOL_PPTP, 0, false, false};
		uint64_t frames = 0;
		struct flood flood;

		assert_int_equal(path_worker_take(p->a.worker, p->a.path), 0);
		flood_start(&flood, &p->a);
		for (unsigned round = 0; round < 60; round++) {
			uint64_t sent;

			set_state(&p->a, &down, 0, true); /* CCP went down */
			sent = path_counters(p->a.path)->wire_tx;
			relay(&p->a, NULL);
			usleep(500);
			assert_int_equal(path_counters(p->a.path)->wire_tx, sent);
			path_flush_tx(p->a.path);
			set_state(&p->a, encrypted[i], (uint8_t)(1 + round), false);
			for (unsigned n = 0; n < 5; n++) {
				relay(&p->a, NULL);
				usleep(200);
			}
		}
		frames = p->a.next_number;
		flood_stop(&flood);
		assert_true(frames > 60);
		assert_int_equal(p->a.clear, 0);
		assert_true(path_counters(p->a.path)->tx_blocked > 0);
		pair_free(p);
	}
}

/* What a hang-up at full load is: the path goes while its device is flooded. */
static void path_can_be_freed_under_load(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 20; round++) {
		struct pair *p = pair_new(&modes[1 + round % 5]);
		struct flood flood;

		assert_int_equal(path_worker_take(p->a.worker, p->a.path), 0);
		flood_start(&flood, &p->a);
		while (path_counters(p->a.path)->wire_tx == 0)
			usleep(100);
		path_free(p->a.path);
		p->a.path = NULL;
		flood_stop(&flood);
		pair_free(p);
	}
}

static unsigned entries(const char *of)
{
	DIR *dir = opendir(of);
	unsigned n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void hundred_threads_leave_nothing(void **state)
{
	unsigned threads, fds;
	struct path_worker *own;
	struct pair *p;

	(void)state;
	usleep(50000); /* those of other tests */
	threads = entries("/proc/self/task");
	fds = entries("/proc/self/fd");
	p = pair_new(&modes[1]);
	own = p->a.worker;
	for (unsigned round = 0; round < 100; round++) {
		p->a.worker = path_worker_new();
		assert_non_null(p->a.worker);
		if (round % 2)
			assert_int_equal(path_worker_take(p->a.worker, p->a.path), 0);
		path_worker_free(p->a.worker);
	}
	p->a.worker = own;
	pair_free(p);
	/* A thread that was joined may be listed for a moment more. */
	for (unsigned tries = 0; tries < 1000 && entries("/proc/self/task") > threads; tries++)
		usleep(1000);
	assert_int_equal(entries("/proc/self/task"), threads);
	assert_int_equal(entries("/proc/self/fd"), fds);
}

/* A device that was deleted is nothing but an error: the thread must not circle around it. */
static void worker_rests_when_the_device_is_gone(void **state)
{
	const struct path_callbacks callbacks = {.unknown = on_unknown};
	struct path_worker *w = path_worker_new();
	struct path_config config = {.encap = PROTOCOL_PPTP, .wire_fd = -1};
	struct path *path;
	uint64_t busy;
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	config.tun_fd = fds[0];
	path = path_new(&config, &callbacks, NULL);
	assert_int_equal(path_worker_take(w, path), 0);
	assert_int_equal(path_worker_take(w, path), -EBUSY);
	close(fds[1]);
	usleep(50000);
	busy = path_worker_busy_us(w);
	usleep(50000);
	assert_int_equal(path_worker_busy_us(w), busy);
	path_worker_release(w);
	path_worker_release(w);
	path_free(path);
	path_worker_free(w);
	path_worker_free(NULL);
	close(fds[0]);
}

/* What cannot be waited for cannot be a device: nothing changes. */
static void worker_that_cannot_wait_for_the_device_leaves_it(void **state)
{
	const struct path_callbacks callbacks = {.unknown = on_unknown};
	struct path_config config = {.encap = PROTOCOL_PPTP, .wire_fd = -1, .tun_fd = -1};
	struct path *path = path_new(&config, &callbacks, NULL);
	struct path_worker *w = path_worker_new();

	(void)state;
	assert_int_equal(path_worker_take(w, path), -EBADF);
	assert_int_equal(path_worker_take(w, path), -EBADF); /* it has no path */
	assert_false(path_burst_tx(path, 1));
	path_worker_free(w);
	path_free(path);
}

static int setup(void **state)
{
	struct reason reason = {0};
	(void)state;

	return crypto_init(&reason);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_directions_at_once_arrive_octet_by_octet),
		cmocka_unit_test(worker_comes_and_goes_without_a_gap),
		cmocka_unit_test(keys_of_esp_change_while_workers_send),
		cmocka_unit_test(control_frame_goes_out_before_the_next_burst),
		cmocka_unit_test(state_changes_under_load_and_nothing_leaves_in_clear),
		cmocka_unit_test(path_can_be_freed_under_load),
		cmocka_unit_test(hundred_threads_leave_nothing),
		cmocka_unit_test(worker_rests_when_the_device_is_gone),
		cmocka_unit_test(worker_that_cannot_wait_for_the_device_leaves_it),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
