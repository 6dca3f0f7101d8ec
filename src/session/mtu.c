/* SPDX-License-Identifier: MIT */
/* The path MTU in mid-call: lowered by what the kernel and ICMP say, raised again after a while. */
#include "session/internal.h"

#include "base/secret.h"

/* An ICMP message may be forged.  Less than this is not believed; it is also the least that Linux
 * ever keeps for a path (min_pmtu), so that packets of this size always pass the kernel. */
#define FLOOR_IPV4 552
#define FLOOR_IPV6 1280 /* RFC 8200 section 5 */
/* RFC 1191 section 6.3, and mtu_expires of Linux: after this time more is tried again. */
#define RAISE_MS 605000
#define TELL_MS	 1000
/* What the manuals take off the carrier's MTU: their default, max-mru 1460 on 1500, is no fault. */
#define USUAL_OVERHEAD 40

static void tell(struct session *s)
{
	struct path_state state;

	s->mtu.changed = false;
	s->mtu.told_ms = loop_now(s->loop);
	if (s->data.peer_mru) { /* else PPP has not said yet what may pass */
		session_path_state(s, &state);
		path_set_state(s->path, &state);
		wipe(&state, sizeof state);
	}
	if (s->network.local.s_addr)
		session_tell_network(s);
}

static void set_timer(struct session *s)
{
	uint64_t tell_at = s->mtu.told_ms ? s->mtu.told_ms + TELL_MS : loop_now(s->loop);

	loop_timer_set(s->loop, &s->mtu.timer,
		       s->mtu.changed ? deadline_min(tell_at, s->mtu.raise_ms) : s->mtu.raise_ms);
}

static void on_timer(void *ctx)
{
	struct session *s = ctx;

	if (s->closing || s->ended)
		return;
	if (s->mtu.raise_ms <= loop_now(s->loop)) {
		s->mtu.raise_ms = DEADLINE_NONE;
		s->mtu.changed = true;
		s->mtu.path = s->start.path_mtu;
		log_info(s->log, "trying packets of %u octets again", s->mtu.path);
	}
	if (s->mtu.changed)
		tell(s);
	set_timer(s);
}

void mtu_begin(struct session *s)
{
	s->mtu = (struct session_mtu){.path = s->start.path_mtu, .raise_ms = DEADLINE_NONE};
	s->mtu.timer = (struct loop_timer){DEADLINE_NONE, on_timer, s, NULL, NULL};
}

void mtu_too_big(void *ctx, uint32_t mtu)
{
	struct session *s = ctx;
	uint32_t least = s->start.peer.ss_family == AF_INET6 ? FLOOR_IPV6 : FLOOR_IPV4;

	if (mtu < least)
		mtu = least;
	if (mtu >= s->mtu.path) { /* but what is put around a packet may have grown */
		if (s->network.local.s_addr && (session_effective_mtu(s) < s->network.mtu ||
						session_link_mtu(s) < s->network.link_mtu)) {
			s->mtu.changed = true;
			set_timer(s);
		}
		return;
	}
	log_line(s->log, s->mtu.warned ? LOG_LEVEL_INFO : LOG_LEVEL_WARN,
		 "only packets of %u octets pass to the %s now, not %u: the tunnel's MTU follows",
		 mtu, s->start.role == ROLE_ANSWERER ? "client" : "server", s->mtu.path);
	s->mtu.warned = true;
	s->mtu.path = (uint16_t)mtu;
	s->mtu.raise_ms = loop_now(s->loop) + RAISE_MS;
	s->mtu.changed = true;
	set_timer(s);
}

void mtu_check_mru(const struct session *s)
{
	unsigned mru = s->data.own_mru;

	if (s->start.role == ROLE_CALLER && !s->secure.ike && mru + USUAL_OVERHEAD > s->mtu.path)
		log_warn(s->log,
			 "max-mru %u is larger than what passes (path MTU %u), large packets may "
			 "get "
			 "lost: write max-mru = %u",
			 mru, s->mtu.path, session_room(s));
}
