/* SPDX-License-Identifier: MIT */
/* The requests between supervisor and session: each only from its end, in its phase, at its size.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ipc/request.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct ends {
	struct request_channel supervisor, session;
	int fds[2];
};

static int set_up(void **state)
{
	static struct ends e;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, e.fds), 0);
	e.supervisor = (struct request_channel){e.fds[0], true, REQUEST_PHASE_SPAWNED};
	e.session = (struct request_channel){e.fds[1], false, REQUEST_PHASE_SPAWNED};
	*state = &e;
	return 0;
}

static int tear_down(void **state)
{
	struct ends *e = *state;

	close(e->fds[0]);
	close(e->fds[1]);
	return 0;
}

static void expect(struct request_channel *channel, enum request_type type)
{
	static struct request_message m;

	assert_int_equal(request_receive(channel, &m), 1);
	assert_int_equal(m.type, type);
	for (size_t i = 0; i < m.fd_count; i++)
		close(m.fds[i]);
}

static void a_call_goes_through_its_phases(void **state)
{
	struct ends *e = *state;
	static struct request_start start = {.max_mtu = 1460};
	struct request_ended ended = {.reason = {EXIT_OK, "done"}};
	int null_fd = open("/dev/null", O_RDWR), fds[4] = {null_fd, null_fd, null_fd, null_fd};
	static const struct request_next_hop hop = {.known = true, .ifindex = 3, .ttl = 64};
	static struct request_message m;

	assert_int_equal(request_receive(&e->supervisor, &m), 0);
	assert_int_equal(request_send(&e->session, REQUEST_READY, NULL, NULL, 0), 0);
	expect(&e->supervisor, REQUEST_READY);
	assert_int_equal(request_send(&e->supervisor, REQUEST_START, &start, fds, 4), 0);
	expect(&e->session, REQUEST_START);
	assert_int_equal(request_send(&e->supervisor, REQUEST_NEXT_HOP, &hop, NULL, 0), 0);
	assert_int_equal(request_receive(&e->session, &m), 1);
	assert_int_equal(m.type, REQUEST_NEXT_HOP);
	assert_memory_equal(&m.next_hop, &hop, sizeof hop);
	assert_int_equal(request_send(&e->supervisor, REQUEST_GET_STATS, NULL, NULL, 0), 0);
	expect(&e->session, REQUEST_GET_STATS);
	assert_int_equal(request_send(&e->session, REQUEST_ENDED, &ended, NULL, 0), 0);
	expect(&e->supervisor, REQUEST_ENDED);
	assert_int_equal(e->supervisor.phase, REQUEST_PHASE_ENDED);
	close(null_fd);
}

/* The session ends while a request waits for it: what it said last is not lost. */
static void last_words_come_before_the_end_of_a_session_that_left_a_request_unread(void **state)
{
	struct ends *e = *state;
	struct request_ended ended = {.reason = {EXIT_HANGUP, "the server hung up"}};
	static struct request_message m;

	e->supervisor.phase = e->session.phase = REQUEST_PHASE_CALL;
	assert_int_equal(request_send(&e->supervisor, REQUEST_GET_STATS, NULL, NULL, 0), 0);
	assert_int_equal(request_send(&e->session, REQUEST_ENDED, &ended, NULL, 0), 0);
	close(e->fds[1]);
	assert_int_equal(request_receive(&e->supervisor, &m), 1);
	assert_int_equal(m.type, REQUEST_ENDED);
	assert_string_equal(m.reason.text, "the server hung up");
	assert_int_equal(request_receive(&e->supervisor, &m), -EPIPE);
	e->fds[1] = dup(e->fds[0]); /* for the end of the test */
}

/* Every request, from both ends, in every phase: the sender's table refuses what is not permitted,
 * and the receiver refuses it too when a damaged sender sends it all the same. */
static void what_the_table_does_not_permit_is_refused_at_both_ends(void **state)
{
	struct ends *e = *state;
	static uint8_t record[sizeof(struct request_message)];
	static struct request_message m;
	unsigned refused = 0;

	for (uint32_t type = 0; type <= REQUEST_TYPE_COUNT + 1; type++) {
		for (unsigned phase = 1; phase <= 16; phase <<= 1) {
			e->session.phase = (enum request_phase)phase;
			if (request_send(&e->session, (enum request_type)type, record, NULL, 0) ==
			    0) {
				assert_true(recv(e->fds[0], record, sizeof record, 0) > 0);
				continue;
			}
			memset(record, 0, sizeof record);
			memcpy(record, &type, sizeof type);
			assert_true(send(e->fds[1], record, 4, 0) == 4);
			e->supervisor.phase = (enum request_phase)phase;
			assert_int_equal(request_receive(&e->supervisor, &m), -EPROTO);
			assert_int_equal(e->supervisor.phase, phase);
			refused++;
		}
	}
	assert_true(refused > 30);
}

/* A reader is no session and a session no reader: neither may say what is the other's to say. */
static void a_reader_says_what_it_read_and_a_session_does_not(void **state)
{
	struct ends *e = *state;
	static struct request_proved proved = {.place = {.local_tunnel_id = 7}};
	static struct request_datagram datagram = {.len = 3};
	static struct request_listen listen;
	int fd = open("/dev/null", O_RDONLY);

	assert_int_equal(request_send(&e->session, REQUEST_READY, NULL, NULL, 0), 0);
	expect(&e->supervisor, REQUEST_READY);
	assert_int_equal(request_send(&e->session, REQUEST_PROVED, &proved, NULL, 0), -EPROTO);
	assert_int_equal(request_send(&e->supervisor, REQUEST_LISTEN, &listen, NULL, 0), -EPROTO);
	assert_int_equal(request_send(&e->supervisor, REQUEST_LISTEN, &listen, &fd, 1), 0);
	expect(&e->session, REQUEST_LISTEN);
	assert_int_equal(request_send(&e->session, REQUEST_PROVED, &proved, NULL, 0), 0);
	expect(&e->supervisor, REQUEST_PROVED);
	assert_int_equal(request_send(&e->session, REQUEST_DATAGRAM, &datagram, NULL, 0), 0);
	expect(&e->supervisor, REQUEST_DATAGRAM);
	assert_int_equal(request_send(&e->session, REQUEST_ACCOUNT, &proved, NULL, 0), -EPROTO);
	assert_int_equal(request_send(&e->session, REQUEST_NETWORK, &proved, NULL, 0), -EPROTO);
	assert_int_equal(request_send(&e->supervisor, REQUEST_EARLY, &datagram, NULL, 0), -EPROTO);
	e->session.phase = REQUEST_PHASE_CALL;
	assert_int_equal(request_send(&e->session, REQUEST_PROVED, &proved, NULL, 0), -EPROTO);
	assert_int_equal(request_send(&e->session, REQUEST_DATAGRAM, &datagram, NULL, 0), -EPROTO);
	close(fd);
}

static void wrong_sizes_are_refused(void **state)
{
	struct ends *e = *state;
	static uint8_t record[8192] = {REQUEST_STATE};
	static struct request_message m;
	size_t whole = 4 + sizeof(struct request_state);

	for (size_t len = 1; len < whole + 4; len++) {
		if (len == whole)
			continue;
		e->supervisor.phase = REQUEST_PHASE_CALL;
		assert_true(send(e->fds[1], record, len, 0) > 0);
		assert_int_equal(request_receive(&e->supervisor, &m), -EPROTO);
	}
	assert_true(send(e->fds[1], record, sizeof record, 0) > 0);
	assert_int_equal(request_receive(&e->supervisor, &m), -EPROTO);
}

static unsigned open_descriptors(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void descriptors_that_were_not_asked_for_are_closed(void **state)
{
	struct ends *e = *state;
	uint32_t type = REQUEST_READY;
	struct iovec iov = {&type, sizeof type};
	char control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8))) = {0};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof control};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	static struct request_message m;
	unsigned before = open_descriptors();

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &e->fds[1], sizeof(int));
	assert_int_equal(sendmsg(e->fds[1], &msg, 0), 4);
	assert_int_equal(request_receive(&e->supervisor, &m), -EPROTO);
	assert_int_equal(open_descriptors(), before);
}

/* An empty record looks like the end of the conversation, but may bring descriptors. */
static void descriptors_of_an_empty_record_are_closed(void **state)
{
	struct ends *e = *state;
	char control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8))) = {0};
	struct msghdr msg = {.msg_control = control, .msg_controllen = sizeof control};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	static struct request_message m;
	unsigned before = open_descriptors();

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &e->fds[1], sizeof(int));
	assert_int_equal(sendmsg(e->fds[1], &msg, 0), 0);
	assert_int_equal(request_receive(&e->supervisor, &m), -EPIPE);
	assert_int_equal(open_descriptors(), before);
}

static void the_end_of_the_other_side_is_told(void **state)
{
	struct ends *e = *state;
	static struct request_message m;

	shutdown(e->fds[1], SHUT_RDWR);
	assert_int_equal(request_receive(&e->supervisor, &m), -EPIPE);
}

static void texts_with_control_characters_or_without_end_are_invalid(void **state)
{
	(void)state;
	assert_true(request_text_valid("fine", 5));
	assert_false(request_text_valid("fine", 4));
	assert_false(request_text_valid("a\x1b[m", 5));
	assert_false(request_text_valid("a\n", 3));
	assert_true(request_text_valid("\xc3\x9b \xe2\x80\x9c \xf0\x9f\x98\x80", 14));
	assert_true(request_text_valid("cut short \xe2\x80", 13));
	assert_false(request_text_valid("\x9b"
					"2J",
					4)); /* CSI in one octet */
	assert_false(request_text_valid("\xc2\x9b"
					"2J",
					5)); /* and as UTF-8 */
}

int main(void)
{
#define WHOLE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		WHOLE(a_call_goes_through_its_phases),
		WHOLE(what_the_table_does_not_permit_is_refused_at_both_ends),
		WHOLE(a_reader_says_what_it_read_and_a_session_does_not),
		WHOLE(wrong_sizes_are_refused),
		WHOLE(descriptors_that_were_not_asked_for_are_closed),
		WHOLE(descriptors_of_an_empty_record_are_closed),
		WHOLE(the_end_of_the_other_side_is_told),
		WHOLE(last_words_come_before_the_end_of_a_session_that_left_a_request_unread),
		cmocka_unit_test(texts_with_control_characters_or_without_end_are_invalid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
