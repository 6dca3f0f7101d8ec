/* SPDX-License-Identifier: MIT */
/* The data path for one call: bursts, framing, MPPE, and the gate that keeps clear text in. */
#include "path/internal.h"

#include "base/str.h"
#include "wire/frame.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <stdlib.h>
#include <unistd.h>

struct path *path_new(const struct path_config *config, const struct path_callbacks *callbacks,
		      const struct log *log)
{
	struct path *path = calloc(1, sizeof *path);

	if (!path)
		return NULL;
	path->config = *config;
	path->callbacks = *callbacks;
	path->log = log;
	path->state.tx_blocked = true;
	path->state.peer_mru = 1500;
	path->kept = calloc(MPPE_KEPT_KEYS, sizeof *path->kept);
	path->tx_slots = malloc((size_t)PATH_BURST * PATH_SLOT);
	path->rx_slots = malloc((size_t)PATH_BURST * PATH_SLOT);
	if (!path->kept || !path->tx_slots || !path->rx_slots) {
		path_free(path);
		return NULL;
	}
	for (unsigned i = 0; i < PATH_BURST; i++) {
		path->tx_msgs[i].msg_hdr.msg_iov = &path->tx_iov[i];
		path->tx_msgs[i].msg_hdr.msg_iovlen = 1;
		path->rx_msgs[i].msg_hdr.msg_iov = &path->rx_iov[i];
		path->rx_msgs[i].msg_hdr.msg_iovlen = 1;
		path->rx_iov[i].iov_base = path->rx_slots + (size_t)i * PATH_SLOT;
		path->rx_iov[i].iov_len = PATH_SLOT;
		if (config->encap == PATH_L2TP) {
			path->tx_msgs[i].msg_hdr.msg_name = &path->config.peer;
			path->tx_msgs[i].msg_hdr.msg_namelen = config->peer_len;
			path->rx_msgs[i].msg_hdr.msg_name = &path->rx_from[i];
		}
	}
	return path;
}

void path_free(struct path *path)
{
	if (!path)
		return;
	free(path->kept);
	free(path->tx_slots);
	free(path->rx_slots);
	free(path->reorder);
	wipe(path, sizeof *path);
	free(path);
}

void path_set_call(struct path *path, const struct path_call *call)
{
	path->call = *call;
	path->call_set = true;
}

/* A queue for order is wanted only while the receiving direction is stateful. */
static void set_reorder(struct path *path)
{
	bool wanted = path->state.rx.bits && path->state.rx.stateful;

	free(path->reorder);
	path->reorder = wanted ? calloc(1, sizeof *path->reorder) : NULL;
}

void path_set_state(struct path *path, const struct path_state *state)
{
	struct path_state before = path->state;

	path->state = *state;
	if (state->rekey_on_flush) {
		path->tx.rekey_on_flush = true;
		path->rx.rekey_on_flush = true;
	}
	if (state->tx.bits && (!before.tx.bits || before.tx.generation != state->tx.generation))
		mppe_tx_init(&path->tx, state->tx.bits, state->tx.stateful, state->tx.start);
	if (state->rx.bits && (!before.rx.bits || before.rx.generation != state->rx.generation)) {
		mppe_rx_init(&path->rx, state->rx.bits, state->rx.stateful, state->rx.start,
			     path->kept);
		path->mppe_number_known = false;
		path->control_since = 0;
		set_reorder(path);
	}
}

void path_flush_tx(struct path *path)
{
	path->tx.flush = true;
}

/* What the network says of packets that did not arrive */

/* What ICMP or the kernel said, out of one message of the error queue; 0 if nothing.  *INFO is the
 * MTU of an EMSGSIZE. */
static int queued_error(struct msghdr *msg, uint32_t *info)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		struct sock_extended_err e;

		if (!((c->cmsg_level == SOL_IP && c->cmsg_type == IP_RECVERR) ||
		      (c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_RECVERR)) ||
		    c->cmsg_len < CMSG_LEN(sizeof e))
			continue;
		memcpy(&e, CMSG_DATA(c), sizeof e);
		*info = e.ee_info;
		return (int)e.ee_errno;
	}
	return 0;
}

/* ICMP's errors pile up in a queue of their own, and keep the socket ready until they are taken. */
static void take_errors(struct path *path)
{
	for (int i = 0; i < PATH_BURST; i++) {
		char control[256] __attribute__((aligned(sizeof(size_t))));
		struct msghdr msg = {.msg_control = control, .msg_controllen = sizeof control};
		uint32_t info = 0;
		int error;

		if (recvmsg(path->config.wire_fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			return;
		error = queued_error(&msg, &info);
		path->counters.wire_errors++;
		if (error == EMSGSIZE && path->callbacks.too_big)
			path->callbacks.too_big(path->callbacks.ctx, info);
		else if (error && path->config.encap == PATH_L2TP) /* PPTP has its TCP connection */
			path->callbacks.error(path->callbacks.ctx, error);
	}
}

/* Outgoing */

int path_send_control(struct path *path, uint16_t protocol, const uint8_t *info, size_t len)
{
	uint8_t packet[PATH_HEADROOM + PATH_FRAME_MAX];
	uint8_t head[FRAME_HEAD_MAX];
	size_t n = frame_head_write(head, protocol, false, false), whole = n + len;
	uint8_t *frame = packet + PATH_HEADROOM, *start;

	if (whole > PATH_FRAME_MAX)
		return -EMSGSIZE;
	if (!path->call_set)
		return -ENOTCONN;
	memcpy(frame, head, n);
	memcpy(frame + n, info, len);
	start = path_wrap(path, frame, &whole);
	if (sendto(path->config.wire_fd, start, whole, MSG_DONTWAIT | MSG_NOSIGNAL,
		   path->config.encap == PATH_L2TP ? (struct sockaddr *)&path->config.peer : NULL,
		   path->config.peer_len) < 0) {
		path->counters.wire_errors++;
		return -errno;
	}
	path->counters.wire_tx++;
	return 0;
}

static bool tx_permitted(struct path *path, const uint8_t *ip, size_t len)
{
	const struct path_state *s = &path->state;
	bool open = len >= 20 && (ip[0] >> 4 == 4 ? s->ipv4 : ip[0] >> 4 == 6 ? s->ipv6 : false);

	if (!open || s->tx_blocked || !path->call_set) {
		path->counters.tx_blocked++;
		return false;
	}
	if (len + (s->tx.bits ? 2 + MPPE_HEADER : 0) > s->peer_mru) {
		path->counters.tx_too_big++;
		return false;
	}
	return true;
}

/* Puts the PPP head (and MPPE) before an inner packet; returns where the frame starts. */
static uint8_t *frame_packet(struct path *path, uint8_t *ip, size_t *len)
{
	const struct path_state *s = &path->state;
	uint16_t protocol = ip[0] >> 4 == 4 ? FRAME_IPV4 : FRAME_IPV6;
	uint8_t head[FRAME_HEAD_MAX], *frame = ip;
	size_t n;

	if (s->mss_mtu)
		mss_clamp(ip, *len, s->mss_mtu);
	if (s->tx.bits) {
		/* Inside MPPE the full two-octet protocol: every peer takes it. */
		frame -= 2;
		frame[0] = (uint8_t)(protocol >> 8);
		frame[1] = (uint8_t)protocol;
		mppe_encrypt(&path->tx, frame - MPPE_HEADER, frame, *len + 2);
		frame -= MPPE_HEADER;
		*len += 2 + MPPE_HEADER;
		protocol = FRAME_COMPRESSED;
	}
	n = frame_head_write(head, protocol, s->tx_acfc, s->tx_pfc);
	frame -= n;
	memcpy(frame, head, n);
	*len += n;
	return frame;
}

/* Sends COUNT messages; what the socket does not take now is lost, as on any full link. */
static void send_burst(struct path *path, unsigned count)
{
	unsigned sent = 0;

	while (sent < count) {
		int n = sendmmsg(path->config.wire_fd, path->tx_msgs + sent, count - sent,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n > 0) {
			sent += (unsigned)n;
			path->counters.wire_tx += (unsigned)n;
		} else if (errno == EAGAIN || errno == ENOBUFS) {
			path->counters.tx_full += count - sent;
			return;
		} else if (errno != EINTR) {
			/* An ICMP error of an earlier packet, or one packet that does not fit. */
			path->counters.wire_errors++;
			take_errors(path);
			sent++;
		}
	}
}

bool path_burst_tx(struct path *path, uint64_t now_ms)
{
	unsigned count = 0, reads = 0;

	while (reads < PATH_BURST) {
		uint8_t *ip = path->tx_slots + (size_t)count * PATH_SLOT + PATH_HEADROOM;
		ssize_t n = read(path->config.tun_fd, ip, PATH_SLOT - PATH_HEADROOM);
		size_t len;

		if (n <= 0)
			break;
		reads++;
		len = (size_t)n;
		if (!tx_permitted(path, ip, len))
			continue;
		path->counters.tx_packets++;
		path->counters.tx_bytes += len;
		ip = frame_packet(path, ip, &len);
		path->tx_iov[count].iov_base = path_wrap(path, ip, &len);
		path->tx_iov[count].iov_len = len;
		count++;
	}
	if (count) {
		path->counters.last_tx_ms = now_ms;
		send_burst(path, count);
	}
	return reads == PATH_BURST;
}

int path_send_packet(struct path *path, const uint8_t *ip, size_t len)
{
	uint8_t *room = path->tx_slots + PATH_HEADROOM;

	if (len > PATH_FRAME_MAX)
		return -EMSGSIZE;
	if (!tx_permitted(path, ip, len))
		return -ENETDOWN;
	path->counters.tx_packets++;
	path->counters.tx_bytes += len;
	memcpy(room, ip, len);
	room = frame_packet(path, room, &len);
	path->tx_iov[0].iov_base = path_wrap(path, room, &len);
	path->tx_iov[0].iov_len = len;
	send_burst(path, 1);
	return 0;
}

void path_watch_inner(struct path *path, bool on)
{
	path->watch_inner = on;
}

/* Incoming */

/* Writes an inner packet to the TUN device if its protocol may pass. */
static void deliver(struct path *path, uint16_t protocol, uint8_t *ip, size_t len, uint64_t now_ms)
{
	const struct path_state *s = &path->state;
	bool open = (protocol == FRAME_IPV4 && s->ipv4 && ip[0] >> 4 == 4) ||
		    (protocol == FRAME_IPV6 && s->ipv6 && ip[0] >> 4 == 6);

	if (!open) {
		path->counters.rx_not_open++;
		if (protocol != FRAME_IPV4 && protocol != FRAME_IPV6)
			path->callbacks.unknown(path->callbacks.ctx, protocol, ip, len);
		return;
	}
	if (path->watch_inner && path->callbacks.inner(path->callbacks.ctx, ip, len))
		return;
	if (s->mss_mtu)
		mss_clamp(ip, len, s->mss_mtu);
	if (write(path->config.tun_fd, ip, len) < 0)
		return; /* the device is full or down: IP's business */
	path->counters.rx_packets++;
	path->counters.rx_bytes += len;
	path->counters.last_rx_ms = now_ms;
}

static struct mppe_place mppe_place_of(const struct path *path, const struct path_frame *f)
{
	int32_t ahead = (int32_t)(f->number - path->mppe_number);
	uint32_t data;

	if (!f->numbered || !path->mppe_number_known)
		return (struct mppe_place){.known = false};
	if (ahead <= 0)
		return (struct mppe_place){.known = true, .late = true};
	data = (uint32_t)ahead > path->control_since ? (uint32_t)ahead - path->control_since : 1;
	return (struct mppe_place){.known = true, .ahead = data};
}

static bool rx_encrypted(struct path *path, struct path_frame *f, uint64_t now_ms)
{
	enum mppe_result result;
	uint16_t protocol;
	size_t n;

	if (!path->state.rx.bits) {
		path->counters.rx_not_open++;
		path->callbacks.unknown(path->callbacks.ctx, FRAME_COMPRESSED, f->data, f->len);
		return true;
	}
	result = mppe_decrypt(&path->rx, f->data, f->len, mppe_place_of(path, f));
	switch (result) {
	case MPPE_OK:
		path->mppe_number = f->number;
		path->mppe_number_known = f->numbered;
		path->control_since = 0;
		break;
	case MPPE_OK_LATE:
		break;
	case MPPE_DUPLICATE:
		path->counters.rx_duplicate++;
		return true;
	case MPPE_TOO_LATE:
		path->counters.rx_too_late++;
		return true;
	case MPPE_BAD:
		path->counters.rx_bad_mppe++;
		return false;
	case MPPE_RESYNC:
		path->counters.rx_bad_mppe++;
		path->callbacks.resync(path->callbacks.ctx);
		return true;
	}
	if (path->rx.rekey_on_flush)
		path->tx.rekey_on_flush = true; /* what the peer does it also expects */
	f->data += MPPE_HEADER;
	f->len -= MPPE_HEADER;
	n = frame_protocol_decode(f->data, f->len, &protocol);
	if (n && n < f->len)
		deliver(path, protocol, f->data + n, f->len - n, now_ms);
	return true;
}

/* One PPP frame.  Returns false for one that cannot have come from the peer. */
static bool rx_frame(struct path *path, struct path_frame *f, uint64_t now_ms)
{
	uint16_t protocol;
	size_t head;

	if (!frame_decode(f->data, f->len, &protocol, &head)) {
		path->counters.rx_malformed++;
		return false;
	}
	f->data += head;
	f->len -= head;
	if (frame_is_control(protocol)) {
		path->counters.last_heard_ms = now_ms;
		if (f->numbered && path->mppe_number_known &&
		    (int32_t)(f->number - path->mppe_number) > 0)
			path->control_since++;
		path->callbacks.control(path->callbacks.ctx, protocol, f->data, f->len);
		return true;
	}
	if (protocol == FRAME_COMPRESSED) {
		bool valid = rx_encrypted(path, f, now_ms);

		if (valid)
			path->counters.last_heard_ms = now_ms;
		return valid;
	}
	/* Clear text where encryption is on is forged or leaked: it goes nowhere. */
	if (!path->state.rx_clear) {
		path->counters.rx_clear_refused++;
		return true;
	}
	path->counters.last_heard_ms = now_ms;
	deliver(path, protocol, f->data, f->len, now_ms);
	return true;
}

static bool frame_is_encrypted(const struct path_frame *f)
{
	uint16_t protocol;
	size_t head;

	return frame_decode(f->data, f->len, &protocol, &head) && protocol == FRAME_COMPRESSED;
}

/* Frames that waited for their turn and have it now. */
static void drain(struct path *path, bool force, uint64_t now_ms)
{
	struct path_frame f = {.numbered = true};

	while (path->reorder &&
	       (f.data = reorder_next(path->reorder, &f.len, &f.number, force, now_ms))) {
		rx_frame(path, &f, now_ms);
		force = false;
	}
}

/* A frame of a stream whose order matters (stateful MPPE). */
static void rx_ordered(struct path *path, struct path_frame *f, uint64_t now_ms)
{
	bool holdable = frame_is_encrypted(f);

	while (path->reorder && reorder_is_far(path->reorder, f->number))
		drain(path, true, now_ms);
	if (reorder_put(path->reorder, f->number, f->data, f->len, holdable, now_ms) ==
	    REORDER_TAKE)
		rx_frame(path, f, now_ms);
	drain(path, false, now_ms);
}

static void rx_packet(struct path *path, uint8_t *packet, size_t len, uint64_t now_ms)
{
	struct path_frame f;

	if (!path_unwrap(path, packet, len, &f, now_ms) || f.len == 0)
		return;
	if (f.numbered && path->reorder) {
		path_accept(path, &f, now_ms);
		rx_ordered(path, &f, now_ms);
		return;
	}
	if (f.numbered) {
		/* Only a frame that proves sane may move the window. */
		if (rx_frame(path, &f, now_ms))
			path_accept(path, &f, now_ms);
		return;
	}
	rx_frame(path, &f, now_ms);
}

static bool receive_failed(struct path *path, int error)
{
	if (error != EAGAIN && error != EINTR)
		path->counters.wire_errors++;
	take_errors(path);
	return false;
}

bool path_burst_rx(struct path *path, uint64_t now_ms)
{
	bool l2tp = path->config.encap == PATH_L2TP;
	int n;

	for (unsigned i = 0; l2tp && i < PATH_BURST; i++)
		path->rx_msgs[i].msg_hdr.msg_namelen = sizeof path->rx_from[i];
	n = recvmmsg(path->config.wire_fd, path->rx_msgs, PATH_BURST, MSG_DONTWAIT, NULL);
	if (n < 0)
		return receive_failed(path, errno);
	for (int i = 0; i < n; i++) {
		path->counters.wire_rx++;
		if (path->rx_msgs[i].msg_hdr.msg_flags & MSG_TRUNC)
			path->counters.rx_malformed++;
		else if (l2tp && !l2tp_source_is_peer(path, &path->rx_from[i]))
			path->counters.rx_wrong_id++;
		else
			rx_packet(path, path->rx_iov[i].iov_base, path->rx_msgs[i].msg_len, now_ms);
	}
	path_ack_if_due(path, now_ms);
	return n == PATH_BURST;
}

uint64_t path_deadline(const struct path *path)
{
	uint64_t ack = path->ack_deadline_ms ? path->ack_deadline_ms : DEADLINE_NONE;

	return path->reorder ? deadline_min(ack, reorder_deadline(path->reorder)) : ack;
}

void path_tick(struct path *path, uint64_t now_ms)
{
	if (path->reorder && reorder_deadline(path->reorder) <= now_ms)
		drain(path, true, now_ms);
	path_ack_if_due(path, now_ms);
}

const struct path_counters *path_counters(const struct path *path)
{
	return &path->counters;
}

static void encoding_part(struct str *s, const struct path_mppe *mppe)
{
	if (mppe->bits)
		str_printf(s, "MPPE%u %s", mppe->bits, mppe->stateful ? "stateful" : "stateless");
	else
		str_printf(s, "none");
}

char *path_encoding(const struct path *path, char *buf, size_t cap)
{
	const struct path_mppe *rx = &path->state.rx, *tx = &path->state.tx;
	struct str s = str_make(buf, cap);

	encoding_part(&s, rx);
	if (rx->bits != tx->bits || (rx->bits && rx->stateful != tx->stateful)) {
		str_printf(&s, "/");
		encoding_part(&s, tx);
	}
	return buf;
}
