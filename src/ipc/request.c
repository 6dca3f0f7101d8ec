/* SPDX-License-Identifier: MIT */
/* The request table and its interpreter, the same at both ends. */
#include "ipc/request.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FROM_SUPERVISOR = 1, FROM_SESSION = 2 };

struct request_rule {
	const char *name;
	uint8_t from;
	uint8_t fds_min, fds_max;
	uint16_t size;
	uint8_t phases;	    /* in which it is permitted */
	uint8_t next_phase; /* 0 = stays */
};

#define CALL	REQUEST_PHASE_CALL
#define READING REQUEST_PHASE_READING
#define ASKING	REQUEST_PHASE_ASKING

/* clang-format off */
static const struct request_rule rules[REQUEST_TYPE_COUNT] = {
	[REQUEST_START]     = {"start", FROM_SUPERVISOR, 2, 4, sizeof(struct request_start),
			       REQUEST_PHASE_READY, CALL},
	[REQUEST_APPLIED]   = {"applied", FROM_SUPERVISOR, 0, 0, sizeof(struct request_applied), CALL, 0},
	[REQUEST_HANGUP]    = {"hangup", FROM_SUPERVISOR, 0, 0, sizeof(struct reason), CALL, 0},
	[REQUEST_GET_STATS] = {"get-stats", FROM_SUPERVISOR, 0, 0, 0, CALL, 0},
	[REQUEST_ACCOUNT_ANSWER] = {"account-answer", FROM_SUPERVISOR, 0, 0,
			       sizeof(struct request_account_answer), CALL, 0},
	[REQUEST_NEXT_HOP]  = {"next-hop", FROM_SUPERVISOR, 0, 0, sizeof(struct request_next_hop), CALL, 0},
	[REQUEST_EARLY]     = {"early", FROM_SUPERVISOR, 0, 0, sizeof(struct request_datagram), CALL, 0},
	[REQUEST_WIRE]      = {"wire", FROM_SUPERVISOR, 1, 1, 0, CALL, 0},
	[REQUEST_LISTEN]    = {"listen", FROM_SUPERVISOR, 1, REQUEST_FDS_MAX, sizeof(struct request_listen),
			       REQUEST_PHASE_READY, READING},
	[REQUEST_SHUT]      = {"shut", FROM_SUPERVISOR, 0, 0, sizeof(struct request_shut), READING, 0},
	[REQUEST_TURN_AWAY] = {"turn-away", FROM_SUPERVISOR, 0, 0, sizeof(struct request_turn_away),
			       READING, 0},
	[REQUEST_REVIEW]    = {"review", FROM_SUPERVISOR, 0, 0, sizeof(struct request_datagram), READING, 0},
	[REQUEST_STRAY]     = {"stray", FROM_SESSION, 0, 0, sizeof(struct request_datagram), CALL, 0},
	[REQUEST_PROVED]    = {"proved", FROM_SESSION, 0, 0, sizeof(struct request_proved), READING, 0},
	[REQUEST_DATAGRAM]  = {"datagram", FROM_SESSION, 0, 0, sizeof(struct request_datagram), READING, 0},
	[REQUEST_IKE_PROVED] = {"ike-proved", FROM_SESSION, 0, 0, sizeof(struct request_ike_proved),
			       READING, 0},
	[REQUEST_IKE]       = {"ike", FROM_SESSION, 0, 0, sizeof(struct request_ike), READING, 0},
	[REQUEST_SECURED]   = {"secured", FROM_SESSION, 0, 0, 0, CALL, 0},
	[REQUEST_MOVED]     = {"moved", FROM_SESSION, 0, 0, sizeof(struct request_place), CALL, 0},
	[REQUEST_READY]     = {"ready", FROM_SESSION, 0, 0, 0, REQUEST_PHASE_SPAWNED, REQUEST_PHASE_READY},
	[REQUEST_STATE]     = {"state", FROM_SESSION, 0, 0, sizeof(struct request_state), CALL, 0},
	[REQUEST_NETWORK]   = {"network", FROM_SESSION, 0, 0, sizeof(struct request_network), CALL, 0},
	[REQUEST_ROUTES]    = {"routes", FROM_SESSION, 0, 0, sizeof(struct request_routes), CALL, 0},
	[REQUEST_STATS]     = {"stats", FROM_SESSION, 0, 0, sizeof(struct request_stats), CALL, 0},
	[REQUEST_CALL]      = {"call", FROM_SESSION, 0, 0, sizeof(struct request_call), CALL, 0},
	[REQUEST_KEYS]      = {"keys", FROM_SESSION, 0, 0, sizeof(struct request_keys), CALL, 0},
	[REQUEST_ACCOUNT]   = {"account", FROM_SESSION, 0, 0, sizeof(struct request_account), CALL, 0},
	[REQUEST_RADIUS_SERVER]  = {"radius-server", FROM_SUPERVISOR, 0, 0,
			       sizeof(struct request_radius_server), REQUEST_PHASE_READY | ASKING, ASKING},
	[REQUEST_RADIUS_SOCKETS] = {"radius-sockets", FROM_SUPERVISOR, 2, 2,
			       sizeof(struct request_radius_place), ASKING, 0},
	[REQUEST_RADIUS_ASK]     = {"radius-ask", FROM_SUPERVISOR, 0, 0, sizeof(struct radius_question),
			       ASKING, 0},
	[REQUEST_RADIUS_RECORD]  = {"radius-record", FROM_SUPERVISOR, 0, 0,
			       sizeof(struct request_radius_record), ASKING, 0},
	[REQUEST_RADIUS_RENEW]   = {"radius-renew", FROM_SESSION, 0, 0,
			       sizeof(struct request_radius_place), ASKING, 0},
	[REQUEST_RADIUS_VERDICT] = {"radius-verdict", FROM_SESSION, 0, 0, sizeof(struct radius_verdict),
			       ASKING, 0},
	[REQUEST_RADIUS_RECORDED] = {"radius-recorded", FROM_SESSION, 0, 0,
			       sizeof(struct request_radius_recorded), ASKING, 0},
	[REQUEST_ENDED]     = {"ended", FROM_SESSION, 0, 0, sizeof(struct request_ended),
			       REQUEST_PHASE_SPAWNED | REQUEST_PHASE_READY | CALL | READING | ASKING,
			       REQUEST_PHASE_ENDED},
};
/* clang-format on */

const char *request_name(enum request_type type)
{
	if ((unsigned)type >= REQUEST_TYPE_COUNT || !rules[type].name)
		return "unknown";
	return rules[type].name;
}

/* The rule of TYPE if it may go now FROM that end, or NULL. */
static const struct request_rule *rule_permitting(const struct request_channel *channel,
						  uint32_t type, uint8_t from)
{
	const struct request_rule *rule;

	if (type >= REQUEST_TYPE_COUNT || !rules[type].name)
		return NULL;
	rule = &rules[type];
	if (rule->from != from || !(rule->phases & channel->phase))
		return NULL;
	return rule;
}

static void advance(struct request_channel *channel, const struct request_rule *rule)
{
	if (rule->next_phase)
		channel->phase = (enum request_phase)rule->next_phase;
}

int request_send(struct request_channel *channel, enum request_type type, const void *body,
		 const int *fds, size_t fd_count)
{
	const struct request_rule *rule = rule_permitting(
		channel, type, channel->supervisor ? FROM_SUPERVISOR : FROM_SESSION);
	uint32_t head = type;
	struct iovec iov[2] = {{&head, sizeof head}, {(void *)(uintptr_t)body, 0}};
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int) * REQUEST_FDS_MAX)];
	} control;
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2};

	if (!rule || fd_count < rule->fds_min || fd_count > rule->fds_max)
		return -EPROTO;
	iov[1].iov_len = rule->size;
	if (fd_count) {
		memset(&control, 0, sizeof control);
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
		memcpy(CMSG_DATA(&control.head), fds, sizeof(int) * fd_count);
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
	}
	if (sendmsg(channel->fd, &msg, MSG_NOSIGNAL) < 0)
		return -errno;
	advance(channel, rule);
	return 0;
}

static void take_fds(struct msghdr *msg, struct request_message *message)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t n;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
			if (message->fd_count < REQUEST_FDS_MAX)
				message->fds[message->fd_count++] = fd;
			else
				close(fd);
		}
	}
}

static int refuse(struct request_message *message)
{
	for (size_t i = 0; i < message->fd_count; i++)
		close(message->fds[i]);
	message->fd_count = 0;
	message->type = REQUEST_NONE;
	return -EPROTO;
}

int request_receive(struct request_channel *channel, struct request_message *message)
{
	uint32_t head = 0;
	size_t room = sizeof *message - offsetof(struct request_message, start);
	struct iovec iov[2] = {{&head, sizeof head}, {&message->start, room}};
	char control[CMSG_SPACE(sizeof(int) * REQUEST_FDS_MAX)]
		__attribute__((aligned(sizeof(struct cmsghdr))));
	struct msghdr msg = {.msg_iov = iov,
			     .msg_iovlen = 2,
			     .msg_control = control,
			     .msg_controllen = sizeof control};
	const struct request_rule *rule;
	ssize_t n = recvmsg(channel->fd, &msg, MSG_CMSG_CLOEXEC);

	/* The other end closed with a request of ours unread.  The kernel tells that once, before
	 * the other's last words. */
	if (n < 0 && errno == ECONNRESET)
		n = recvmsg(channel->fd, &msg, MSG_CMSG_CLOEXEC);
	message->type = REQUEST_NONE;
	message->fd_count = 0;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0
		       : errno == ECONNRESET		 ? -EPIPE
							 : -errno;
	take_fds(&msg, message);
	if (n == 0) { /* or an empty record, which may bring descriptors */
		(void)refuse(message);
		return -EPIPE;
	}
	rule = rule_permitting(channel, head, channel->supervisor ? FROM_SESSION : FROM_SUPERVISOR);
	if (!rule || (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) ||
	    (size_t)n != sizeof head + rule->size || message->fd_count < rule->fds_min ||
	    message->fd_count > rule->fds_max)
		return refuse(message);
	message->type = (enum request_type)head;
	advance(channel, rule);
	return 1;
}

bool request_text_valid(const char *text, size_t cap)
{
	const char *end = memchr(text, '\0', cap);
	unsigned char lead = 0;
	unsigned tail = 0; /* octets of a UTF-8 sequence still to come; the last may be cut short */

	if (!end)
		return false;
	for (const char *p = text; p < end; p++) {
		unsigned char c = (unsigned char)*p;

		if (c < 0x20 || c == 0x7f)
			return false;
		if (c >= 0x80 && c < 0xc0) {
			/* C1 control characters, alone or as UTF-8, are escapes to a terminal. */
			if (tail == 0 || (lead == 0xc2 && c < 0xa0))
				return false;
			tail--;
			continue;
		}
		lead = c;
		tail = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;
	}
	return true;
}
