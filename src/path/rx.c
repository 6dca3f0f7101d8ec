/* SPDX-License-Identifier: MIT */
/* Socket to TUN: bursts, decryption, and the gate that keeps clear text out. */
#include "path/internal.h"

#include "base/cursor.h"
#include "wire/control_packet.h"
#include "wire/frame.h"

#include <errno.h>
#include <netinet/udp.h>
#include <unistd.h>

int path_write_tun(void *ctx, const struct iovec *iov, int count)
{
	struct path *path = ctx;

	return writev(path->config.tun_fd, iov, count) < 0 ? -errno : 0;
}

void path_taken(void *ctx, unsigned packets, size_t octets)
{
	struct path *path = ctx;

	path->rx_counters.rx_packets += packets;
	path->rx_counters.rx_bytes += octets;
	path->rx_counters.last_rx_ms = path->now_ms;
}

/* MPPE has no checksum: what keys of another time decrypted is told by the lengths that IP states.
 */
static bool is_whole(const uint8_t *ip, size_t len)
{
	struct cursor c = cursor_make(ip, len);
	unsigned version = cursor_u8(&c) >> 4;
	size_t stated;

	cursor_skip(&c, version == 4 ? 1 : 3);
	stated = cursor_u16(&c);
	if (c.failed)
		return false;
	if (version == 6)
		return len >= 40 && stated <= len - 40;
	return version == 4 && (ip[0] & 15) >= 5 && stated >= 20 && stated <= len;
}

/* Gives an inner packet to the TUN device if its protocol may pass. */
static void deliver(struct path *path, uint16_t protocol, uint8_t *ip, size_t len)
{
	const struct path_state *s = &path->state;
	bool open = (protocol == FRAME_IPV4 && s->ipv4 && ip[0] >> 4 == 4) ||
		    (protocol == FRAME_IPV6 && s->ipv6 && ip[0] >> 4 == 6);

	if (!open) {
		path->rx_counters.rx_not_open++;
		if (protocol != FRAME_IPV4 && protocol != FRAME_IPV6)
			path->callbacks.unknown(path->callbacks.ctx, protocol, ip, len);
		return;
	}
	if (!is_whole(ip, len)) {
		path->rx_counters.rx_malformed++;
		return;
	}
	if (path->watch_inner && path->callbacks.inner(path->callbacks.ctx, ip, len))
		return;
	if (s->mss_mtu)
		mss_clamp(ip, len, s->mss_mtu);
	/* What the device does not take, full or down, is lost: IP's business. */
	if (path->join)
		join_put(path->join, ip, len);
	else if (write(path->config.tun_fd, ip, len) >= 0)
		path_taken(path, 1, len);
}

/* The place of a packet behind number LAST, CONTROL control frames since then. */
static struct mppe_place place_behind(uint32_t last, uint32_t control, uint32_t number)
{
	int32_t ahead = (int32_t)(number - last);
	uint32_t data;

	if (ahead <= 0)
		return (struct mppe_place){.known = true, .late = true};
	data = (uint32_t)ahead > control ? (uint32_t)ahead - control : 1;
	return (struct mppe_place){.known = true, .ahead = data};
}

static struct mppe_place mppe_place_of(const struct path *path, const struct path_frame *f)
{
	if (!f->numbered || !path->mppe_number_known)
		return (struct mppe_place){.known = false};
	return place_behind(path->mppe_number, path->control_since, f->number);
}

/* The protocol field and what follows, out of MPPE. */
static void deliver_plain(struct path *path, uint8_t *plain, size_t len)
{
	uint16_t protocol;
	size_t n = frame_protocol_decode(plain, len, &protocol);

	if (n && n < len)
		deliver(path, protocol, plain + n, len - n);
}

static void note_mppe_number(struct path *path, const struct path_frame *f)
{
	path->mppe_number = f->number;
	path->mppe_number_known = f->numbered && !f->in_mp;
	path->control_since = 0;
}

/* Who encrypts has the keys, and is the peer. */
static void look_for_proof(struct path *path)
{
	for (size_t i = 0; i < path->run.count; i++)
		if (mppe_is_proof(path->run.packets[i].data, path->run.packets[i].len))
			path->doubt = false;
}

/* Decrypts and delivers what waits for that: before anything happens that may depend on it. */
static void settle_run(struct path *path)
{
	struct mppe_run *run = &path->run;

	if (run->count == 0)
		return;
	mppe_run_decrypt(run, &path->rx);
	if (path->doubt)
		look_for_proof(path);
	for (size_t i = 0; i < run->count; i++) {
		const struct path_frame *f = &path->run_frames[i];

		if (mppe_run_commit(run, &path->rx, i) != MPPE_OK) {
			path->rx_counters.rx_bad_mppe++;
			continue;
		}
		note_mppe_number(path, f);
		path->rx_counters.last_heard_ms = path->now_ms;
		deliver_plain(path, f->data + MPPE_HEADER, f->len - MPPE_HEADER);
		if (f->numbered)
			path_accept(path, f, path->now_ms);
	}
	mppe_run_clear(run);
}

void path_rx_settle(struct path *path)
{
	settle_run(path);
	if (path->join)
		join_flush(path->join);
}

/* Has the run come to Multilink's packets?  The tunnel's numbers are none of theirs. */
static bool run_is_in_mp(const struct path *path)
{
	return path->run.count && path->run_frames[path->run.count - 1].in_mp;
}

bool path_rx_bundled(struct path *path, uint16_t protocol, struct path_frame *f, uint64_t now_ms)
{
	const struct mppe_place unknown = {.known = false};

	if (path->run.count == MPPE_RUN)
		settle_run(path);
	if (protocol == FRAME_COMPRESSED && path->state.rx.bits && !path->rx.stateful &&
	    mppe_run_add(&path->run, &path->rx, f->data, f->len, unknown)) {
		f->in_mp = true;
		path->run_frames[path->run.count - 1] = *f;
		return true;
	}
	settle_run(path);
	return path_rx_inner(path, protocol, f, now_ms);
}

/* Is it one more packet of the stateless stream, right behind the last one?  Then it waits, to be
 * decrypted together with its neighbours.  Nothing is believed yet. */
static bool join_run(struct path *path, const struct path_frame *frame)
{
	struct path_frame f = *frame;
	struct mppe_place place = {.known = false};
	uint16_t protocol;
	size_t head;

	if (!path->state.rx.bits || path->rx.stateful ||
	    !frame_decode(f.data, f.len, &protocol, &head) ||
	    (protocol != FRAME_COMPRESSED && protocol != FRAME_MP))
		return false;
	if (path->run.count == MPPE_RUN)
		settle_run(path);
	f.data += head;
	f.len -= head;
	if (protocol == FRAME_MP && mp_take_next(path, &f) != FRAME_COMPRESSED)
		return false;
	/* Only what is new by its number; the others are judged one by one. */
	if (f.numbered && path->sequence.any &&
	    f.number - path->sequence.newest - 1 >= SEQUENCE_WINDOW)
		return false;
	if (f.in_mp || run_is_in_mp(path))
		place = (struct mppe_place){.known = false};
	else if (f.numbered && path->run.count)
		place = place_behind(path->run_frames[path->run.count - 1].number, 0, f.number);
	else if (f.numbered)
		place = mppe_place_of(path, &f);
	if (!mppe_run_add(&path->run, &path->rx, f.data, f.len, place))
		return false;
	path->run_frames[path->run.count - 1] = f;
	if (f.in_mp)
		mp_accept(path, f.mp_number, path->now_ms);
	return true;
}

static bool rx_encrypted(struct path *path, struct path_frame *f)
{
	struct mppe_place place;
	enum mppe_result result;

	if (!path->state.rx.bits) {
		path->rx_counters.rx_not_open++;
		path->callbacks.unknown(path->callbacks.ctx, FRAME_COMPRESSED, f->data, f->len);
		return true;
	}
	place = mppe_place_of(path, f);
	place.now_ms = path->now_ms;
	result = mppe_decrypt(&path->rx, f->data, f->len, place);
	switch (result) {
	case MPPE_OK:
		note_mppe_number(path, f);
		break;
	case MPPE_OK_LATE:
		break;
	case MPPE_DUPLICATE:
		path->rx_counters.rx_duplicate++;
		return true;
	case MPPE_TOO_LATE:
		path->rx_counters.rx_too_late++;
		return true;
	case MPPE_BAD:
		path->rx_counters.rx_bad_mppe++;
		return false;
	case MPPE_RESYNC:
		path->rx_counters.rx_bad_mppe++;
		path->callbacks.resync(path->callbacks.ctx);
		return true;
	}
	if (path->rx.rekey_on_flush && !path->rekey_told) {
		path_turn_take(path);
		path->tx.rekey_on_flush = true; /* what the peer does it also expects */
		path_turn_give(path);
		path->rekey_told = true;
	}
	if (path->doubt && mppe_is_proof(f->data + MPPE_HEADER, f->len - MPPE_HEADER))
		path->doubt = false;
	deliver_plain(path, f->data + MPPE_HEADER, f->len - MPPE_HEADER);
	return true;
}

/* As path_rx_inner. */
static inline bool rx_inner(struct path *path, uint16_t protocol, struct path_frame *f,
			    uint64_t now_ms)
{
	if (frame_is_control(protocol)) {
		path->rx_counters.last_heard_ms = now_ms;
		if (f->numbered && path->mppe_number_known &&
		    (int32_t)(f->number - path->mppe_number) > 0)
			path->control_since++;
		path->callbacks.control(path->callbacks.ctx, protocol, f->data, f->len);
		return true;
	}
	if (protocol == FRAME_COMPRESSED) {
		bool valid = rx_encrypted(path, f);

		if (valid)
			path->rx_counters.last_heard_ms = now_ms;
		return valid;
	}
	/* Clear text where encryption is on is forged or leaked: it goes nowhere. */
	if (!path->state.rx_clear) {
		path->rx_counters.rx_clear_refused++;
		return true;
	}
	path->rx_counters.last_heard_ms = now_ms;
	deliver(path, protocol, f->data, f->len);
	return true;
}

/* One PPP frame.  Returns false for one that cannot have come from the peer. */
static bool rx_frame(struct path *path, struct path_frame *f, uint64_t now_ms)
{
	uint16_t protocol;
	size_t head;

	if (!frame_decode(f->data, f->len, &protocol, &head)) {
		path->rx_counters.rx_malformed++;
		return false;
	}
	f->data += head;
	f->len -= head;
	if (protocol == FRAME_MP && path->state.mp_rx.mrru)
		return mp_input(path, f, now_ms);
	return rx_inner(path, protocol, f, now_ms);
}

bool path_rx_inner(struct path *path, uint16_t protocol, struct path_frame *f, uint64_t now_ms)
{
	return rx_inner(path, protocol, f, now_ms);
}

/* May it wait for those before it?  Control frames do not. */
static bool is_holdable(const struct path *path, const struct path_frame *f)
{
	uint16_t protocol;
	size_t head;

	if (!frame_decode(f->data, f->len, &protocol, &head))
		return false;
	return protocol == FRAME_COMPRESSED ||
	       (protocol == FRAME_MP && path->state.mp_rx.mrru &&
		mp_wants_order(path, f->data + head, f->len - head));
}

void path_drain(struct path *path, bool force, uint64_t now_ms)
{
	struct path_frame f = {.numbered = true};

	while (path->reorder &&
	       (f.data = reorder_next(path->reorder, &f.len, &f.number, force, now_ms))) {
		rx_frame(path, &f, now_ms);
		if (path->join)
			join_flush(path->join); /* the frame's place is free for others now */
		force = false;
	}
}

/* A frame of a stream whose order matters (stateful MPPE). */
static void rx_ordered(struct path *path, struct path_frame *f, uint64_t now_ms)
{
	bool holdable = is_holdable(path, f);

	while (path->reorder && reorder_is_far(path->reorder, f->number))
		path_drain(path, true, now_ms);
	if (reorder_put(path->reorder, f->number, f->data, f->len, holdable, now_ms) ==
	    REORDER_TAKE)
		rx_frame(path, f, now_ms);
	path_drain(path, false, now_ms);
}

/* A frame whose number fits, or was made to. */
static void rx_in_place(struct path *path, struct path_frame *f, uint64_t now_ms)
{
	if (path->reorder) {
		path_accept(path, f, now_ms);
		rx_ordered(path, f, now_ms);
	} else if (rx_frame(path, f, now_ms)) {
		/* Only a frame that proves sane may move the window. */
		path_accept(path, f, now_ms);
	}
}

/* May the frame, as it stands, be one of a peer's that numbers anew? */
static bool could_be_peers(const struct path *path, const struct path_frame *f)
{
	struct control_packet packet;
	uint16_t protocol;
	size_t head;

	if (!frame_decode(f->data, f->len, &protocol, &head))
		return false;
	if (frame_is_control(protocol))
		return control_packet_decode(f->data + head, f->len - head, &packet);
	if (protocol == FRAME_MP && mp_could_be_peers(path, f->data + head, f->len - head))
		return true;
	return protocol == FRAME_COMPRESSED ? path->state.rx.bits != 0 : path->state.rx_clear;
}

/* Takes a frame from elsewhere that the peer alone can have encrypted: it needs no others beside
 * it. Behind, its number says nothing of how many packets lie between. */
static bool rx_proved(struct path *path, const struct path_frame *frame, uint64_t now_ms)
{
	struct path_frame f = *frame;
	struct mppe_place place;
	uint16_t protocol;
	size_t head;

	if (!path->state.rx.bits || path->rx.stateful ||
	    !frame_decode(f.data, f.len, &protocol, &head) || protocol != FRAME_COMPRESSED)
		return false;
	f.data += head;
	f.len -= head;
	place = mppe_place_of(path, &f);
	if (place.late)
		place = (struct mppe_place){.known = false};
	place.now_ms = now_ms;
	place.far = true;
	if (mppe_decrypt(&path->rx, f.data, f.len, place) != MPPE_OK)
		return false;
	if (f.number - path->sequence.newest > INT32_MAX)
		path->sequence.any = false;
	note_mppe_number(path, &f);
	path->rx_counters.last_heard_ms = now_ms;
	deliver_plain(path, f.data + MPPE_HEADER, f.len - MPPE_HEADER);
	path_accept(path, &f, now_ms);
	return true;
}

/* A frame whose number is beyond the window: it comes after a long loss, from a peer that numbers
 * anew, or from somebody that tries ids and numbers.  Of those three only encryption tells the
 * last. */
static void rx_far(struct path *path, struct path_frame *f, uint64_t now_ms)
{
	if (rx_proved(path, f, now_ms))
		return;
	if (could_be_peers(path, f) && path_follow(path, f->number, false, now_ms))
		rx_in_place(path, f, now_ms);
	else
		path->rx_counters.rx_too_late++;
}

/* A control frame whose number is not next to those of the data: a call numbers from 0, so that in
 * its first minutes the whole window is not hard to guess. */
static bool is_apart(const struct path *path, const struct path_frame *f)
{
	uint16_t protocol;
	size_t head;

	return path->sequence.any &&
	       f->number - path->sequence.newest + SEQUENCE_NEAR > 2 * SEQUENCE_NEAR &&
	       frame_decode(f->data, f->len, &protocol, &head) && frame_is_control(protocol);
}

static void rx_numbered(struct path *path, struct path_frame *f, uint64_t now_ms)
{
	enum sequence_place place = sequence_judge(&path->sequence, f->number);

	if (place != SEQUENCE_DUPLICATE && is_apart(path, f))
		place = SEQUENCE_FAR;
	switch (place) {
	case SEQUENCE_FAR:
		rx_far(path, f, now_ms);
		return;
	case SEQUENCE_DUPLICATE:
		path->rx_counters.rx_duplicate++;
		if (!could_be_peers(path, f) || !path_follow(path, f->number, true, now_ms))
			return;
		break;
	case SEQUENCE_LATE:
		path->rx_counters.rx_late++;
		break;
	case SEQUENCE_NEW:
		break;
	}
	/* GRE: a number alone counts as received. */
	if (f->len == 0 && path->config.encap == PROTOCOL_PPTP)
		path_accept(path, f, now_ms);
	if (f->len > 0)
		rx_in_place(path, f, now_ms);
}

/* L2TP's control message. */
static void rx_tunnel(struct path *path, const uint8_t *message, size_t len)
{
	settle_run(path);
	/* An answer goes where the question came from, until the port is settled. */
	path->reply_port = path->peer_locked ? 0 : path->source_port;
	path->callbacks.tunnel(path->callbacks.ctx, message, len);
	path->reply_port = 0;
}

/* What is to be taken out of ESP, or is IKE's; false: there is nothing left to do. */
static bool rx_esp(struct path *path, uint8_t **packet, size_t *len)
{
	enum esp_content content = esp_in_take(path, packet, len);

	if (content == ESP_CONTENT_IKE) {
		settle_run(path);
		path->callbacks.ike(path->callbacks.ctx, *packet, *len);
	}
	return content == ESP_CONTENT_L2TP;
}

/* A fragment of Multilink depends on none of the run: its packet may join it. */
static bool is_piece(const struct path *path, const struct path_frame *f)
{
	uint16_t protocol;
	size_t head;

	return path->state.mp_rx.mrru && frame_decode(f->data, f->len, &protocol, &head) &&
	       protocol == FRAME_MP && mp_is_piece(path, f->data + head, f->len - head);
}

static void rx_packet(struct path *path, uint8_t *packet, size_t len, uint64_t now_ms)
{
	struct path_frame f;
	enum path_content content;

	if (path->esp && !rx_esp(path, &packet, &len))
		return;
	content = path_unwrap(path, packet, len, &f);
	if (content == PATH_TUNNEL)
		rx_tunnel(path, packet, len);
	if (content != PATH_FRAME)
		return;
	if (f.len > PATH_FRAME_MAX) {
		path->rx_counters.rx_malformed++;
		return;
	}
	if (join_run(path, &f))
		return;
	if (path->run.count && !is_piece(path, &f))
		settle_run(path);
	if (f.numbered)
		rx_numbered(path, &f, now_ms);
	else if (f.len > 0)
		rx_frame(path, &f, now_ms);
}

static bool receive_failed(struct path *path, int error)
{
	if (error != EAGAIN && error != EINTR)
		path->rx_counters.wire_errors++;
	path_take_errors(path);
	return false;
}

/* How large each datagram of a message is (UDP_GRO), or 0. */
static size_t gro_size(struct msghdr *msg)
{
	int size = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c))
		if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO &&
		    c->cmsg_len >= CMSG_LEN(sizeof size))
			memcpy(&size, CMSG_DATA(c), sizeof size);
	return size > 0 ? (size_t)size : 0;
}

/* One message of the socket: a packet, or several datagrams of one size. */
static void rx_message(struct path *path, unsigned index, uint64_t now_ms)
{
	struct msghdr *msg = &path->rx_msgs[index].msg_hdr;
	size_t len = path->rx_msgs[index].msg_len, size = path->config.udp_gro ? gro_size(msg) : 0;
	uint8_t *packet = path->rx_iov[index].iov_base;
	size_t each = size ? size : len;

	path->rx_counters.wire_rx += size ? (len + size - 1) / size : 1;
	if (msg->msg_flags & MSG_TRUNC) {
		path->rx_counters.rx_malformed++;
		return;
	}
	if (path->config.encap == PROTOCOL_L2TP &&
	    !l2tp_source_is_peer(path, &path->rx_from[index])) {
		path->rx_counters.rx_wrong_id++;
		return;
	}
	do {
		size_t n = len < each ? len : each;

		rx_packet(path, packet, n, now_ms);
		packet += n;
		len -= n;
	} while (len > 0);
}

/* How many messages the next burst takes: few if they hold many datagrams each, so that the other
 * direction gets its turn as soon as otherwise. */
static unsigned next_slots(const struct path *path, int received)
{
	size_t octets = 0;

	for (int i = 0; i < received; i++)
		octets += path->rx_msgs[i].msg_len;
	return octets > PATH_OCTETS && path->config.udp_gro ? PATH_GRO_LARGE : path->rx_slots;
}

/* What was read, until a callback says to hold. */
static void take_burst(struct path *path, uint64_t now_ms)
{
	while (!path->rx_held && path->rx_taken < path->rx_count)
		rx_message(path, path->rx_taken++, now_ms);
	settle_run(path);
	if (path->join)
		join_flush(path->join);
	path_ack_if_due(path, now_ms);
	if (path->rx_count > 0 && path->state.rx.bits)
		mppe_rx_prepare(&path->rx);
}

void path_hold_rx(struct path *path)
{
	path->rx_held = true;
}

void path_release_rx(struct path *path, uint64_t now_ms)
{
	path->rx_held = false;
	path->now_ms = now_ms;
	take_burst(path, now_ms);
}

/* As a burst of one, in the first slot: one way through the code. */
bool path_esp_take_stray(struct path *path, const uint8_t *octets, size_t len, uint64_t now_ms)
{
	struct mmsghdr *slot = &path->rx_msgs[0];
	uint64_t before = path->esp->opened;

	if (path->rx_held || len > path->rx_iov[0].iov_len)
		return false;
	memcpy(path->rx_iov[0].iov_base, octets, len);
	slot->msg_len = (unsigned)len;
	slot->msg_hdr.msg_flags = 0;
	slot->msg_hdr.msg_controllen = 0;
	path->now_ms = now_ms;
	path->rx_count = 1;
	path->rx_taken = 0;
	take_burst(path, now_ms);
	return path->esp->opened != before;
}

bool path_burst_rx(struct path *path, uint64_t now_ms)
{
	unsigned slots = path->rx_next_slots ? path->rx_next_slots : path->rx_slots;
	int n;

	path->now_ms = now_ms;
	if (path->rx_held) { /* errors alone are told in any case, and would be for ever */
		path_take_errors(path);
		return false;
	}
	path_take_errors_of_sending(path);
	for (unsigned i = 0; i < slots; i++) {
		struct msghdr *msg = &path->rx_msgs[i].msg_hdr;

		msg->msg_namelen = msg->msg_name ? sizeof path->rx_from[i] : 0;
		msg->msg_controllen = msg->msg_control ? sizeof path->rx_control[i] : 0;
	}
	n = recvmmsg(path->config.wire_fd, path->rx_msgs, slots, MSG_DONTWAIT, NULL);
	if (n < 0)
		return receive_failed(path, errno);
	path->rx_count = (unsigned)n;
	path->rx_taken = 0;
	take_burst(path, now_ms);
	path->rx_next_slots = next_slots(path, n);
	return (unsigned)n == slots;
}
