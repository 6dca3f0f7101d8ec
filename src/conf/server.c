/* SPDX-License-Identifier: MIT */
/* server.conf into one checked struct. */
#include "conf/server.h"

#include "base/address.h"
#include "base/str.h"
#include "conf/draft.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SERVER_FILE "server.conf"
#define POOLS_MAX   64

/* [pool NAME] */
struct pool {
	char name[CONF_NAME_MAX];
	struct address_pool range;
};

/* A file while it is read. */
struct loading {
	const char *path;
	struct ini ini;
	struct fault_list faults;
	struct conf_faults *out;
	struct conf_draft *draft;
	struct conf_server server;
	struct pool pools[POOLS_MAX];
	size_t pool_count;
	int error; /* of ppp-profiles.conf, told already */
};

/* The range itself, or that of the pool it names; MOST is how many addresses it may have. */
static struct address_pool resolve(struct loading *l, const struct conf_pool *pool, const char *key,
				   uint32_t most, unsigned line)
{
	if (!pool->name[0])
		return pool->range;
	for (size_t i = 0; i < l->pool_count; i++) {
		const struct address_pool *range = &l->pools[i].range;

		if (strcasecmp(l->pools[i].name, pool->name) != 0)
			continue;
		if (most == 1) /* the server's own end is one of them */
			return (struct address_pool){range->first, range->first};
		return *range;
	}
	fault_add(&l->faults, line, key, "there is no [pool %s], write it or an address",
		  pool->name);
	return (struct address_pool){{0}, {0}};
}

static void take_ppp(struct loading *l, unsigned line, struct conf_ppp *ppp)
{
	const struct conf_draft *d = l->draft;

	ppp->mppe = d->p.ppp.mppe;
	ppp->change_tcp_mss = d->p.change_tcp_mss;
	memcpy(ppp->dns_server, d->p.dns_server, sizeof(ppp->dns_server));
	ppp->idle_timeout = d->p.idle_timeout;
	ppp->session_timeout = d->p.session_timeout;
	ppp->local = resolve(l, &d->local_pool, "local-address", 1, line);
	ppp->remote = resolve(l, &d->remote_pool, "remote-address", 0, line);
	ppp->use_ipv6 = d->use_ipv6;
	ppp->only_one = d->only_one;
}

static void read_profile(struct loading *l, const char *name, unsigned line, struct conf_ppp *ppp)
{
	int r;

	if (l->error)
		return;
	conf_defaults(l->draft);
	r = draft_apply_ppp(l->draft, l->path, name, line, &l->faults, l->out);
	if (r < 0)
		l->error = r;
	take_ppp(l, line, ppp);
}

static void read_listener(struct loading *l, const struct ini_section *s, enum protocol type)
{
	struct conf_listener *to = &l->server.listener[type];

	conf_defaults(l->draft);
	if (s)
		draft_apply_section(l->draft, &l->ini, s, CONF_IN_LISTENER, &l->faults);
	*to = l->draft->listener;
	if (s && type == PROTOCOL_PPTP && to->tunnel_secret.len)
		fault_add(&l->faults, s->line, "tunnel-secret", "is of [l2tp-server] only");
	if (s && type == PROTOCOL_PPTP && to->use_ipsec != IPSEC_SERVE_NO)
		fault_add(&l->faults, s->line, "use-ipsec", "is of [l2tp-server] only");
	else if (s && to->use_ipsec != IPSEC_SERVE_NO && !to->ipsec_secret.len)
		fault_add(&l->faults, s->line, "ipsec-secret", "missing, IPsec needs one");
	else if (s && to->use_ipsec == IPSEC_SERVE_NO && to->ipsec_secret.len)
		fault_add(&l->faults, s->line, "ipsec-secret",
			  "has no effect without IPsec, write use-ipsec = yes too or leave it out");
	if (type == PROTOCOL_PPTP && s && to->enabled) {
		size_t kept = 0;

		/* ::1 of the default is not meant for PPTP, which knows IPv4 only. */
		for (size_t i = 0; i < to->listen.count; i++)
			if (to->listen.list[i].ss_family == AF_INET)
				to->listen.list[kept++] = to->listen.list[i];
		to->listen.count = kept;
		if (kept == 0)
			fault_add(&l->faults, s->line, "listen",
				  "PPTP is answered by IPv4 only, write an IPv4 address");
	}
	read_profile(l, to->default_profile, s ? s->line : 0, &l->server.ppp[type]);
}

/* "secret ex" -> "ex", or NULL. */
static const char *behind(const char *name, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(name, word, len) != 0 || (name[len] != ' ' && name[len] != '\t'))
		return NULL;
	name += len;
	name += strspn(name, " \t");
	return *name ? name : NULL;
}

static void read_secret(struct loading *l, const struct ini_section *s, const char *name)
{
	struct conf_server *server = &l->server;
	struct conf_secret *list = server->secrets, *to;

	if (server->secret_count >= CONF_SECRETS_MAX) {
		fault_add(&l->faults, s->line, NULL, "too many secrets");
		return;
	}
	to = &list[server->secret_count++];
	conf_defaults(l->draft);
	draft_apply_section(l->draft, &l->ini, s, CONF_IN_SECRET, &l->faults);
	*to = l->draft->secret;
	to->local = resolve(l, &l->draft->secret_local, "local-address", 1, s->line);
	to->remote = resolve(l, &l->draft->secret_remote, "remote-address", 0, s->line);
	if (!to->name[0])
		(void)str_copy(to->name, sizeof(to->name), name);
	memcpy(to->routes, l->draft->p.routes, sizeof(to->routes));
	to->route_count = l->draft->p.route_count;
	for (size_t i = 0; i + 1 < server->secret_count; i++)
		if (strcmp(list[i].name, to->name) == 0 && (list[i].service & to->service))
			fault_add(&l->faults, s->line, "name",
				  "another secret has that name for the same service");
	for (int type = 0; type < PROTOCOL_COUNT; type++) {
		to->ppp[type] = server->ppp[type];
		if (to->profile[0] && type == 0)
			read_profile(l, to->profile, s->line, &to->ppp[0]);
		else if (to->profile[0])
			to->ppp[1] = to->ppp[0];
	}
}

/* Pools first: the other sections name them. */
static void read_pool(struct loading *l, const struct ini_section *s, const char *name)
{
	struct pool *to;

	if (l->pool_count == POOLS_MAX) {
		fault_add(&l->faults, s->line, NULL, "too many pools");
		return;
	}
	to = &l->pools[l->pool_count++];
	conf_defaults(l->draft);
	draft_apply_section(l->draft, &l->ini, s, CONF_IN_POOL, &l->faults);
	to->range = l->draft->ranges;
	if (!conf_name_valid(name) || !str_copy(to->name, sizeof(to->name), name))
		fault_add(&l->faults, s->line, NULL,
			  "section name is no name of a pool, use letters, digits and _ . @ + -");
	if (!to->range.first.s_addr)
		fault_add(&l->faults, s->line, "ranges", "missing, write the addresses");
}

static void read_interface(struct loading *l, const struct ini_section *s, const char *name)
{
	struct conf_server *server = &l->server;
	struct conf_interface *to;

	if (server->interface_count >= CONF_INTERFACES_MAX) {
		fault_add(&l->faults, s->line, NULL, "too many interfaces");
		return;
	}
	to = &server->interfaces[server->interface_count++];
	conf_defaults(l->draft);
	draft_apply_section(l->draft, &l->ini, s, CONF_IN_INTERFACE, &l->faults);
	*to = l->draft->interface;
	to->service = l->draft->secret.service;
	to->disabled = l->draft->secret.disabled;
	if (!str_copy(to->name, sizeof(to->name), name) || strpbrk(name, "/:% \t"))
		fault_add(&l->faults, s->line, NULL,
			  "section name is no interface name, at most 15 letters and digits are "
			  "legal");
	if (!to->user[0])
		fault_add(&l->faults, s->line, "user", "missing, write whose calls get it");
}

static void judge_radius(struct loading *l, const struct ini_section *s,
			 const struct conf_radius *r)
{
	struct sockaddr_storage to, from;

	if (!r->address[0])
		fault_add(&l->faults, s->line, "address", "missing, write the RADIUS server's");
	if (!r->secret.len)
		fault_add(&l->faults, s->line, "secret",
			  "missing, write what the RADIUS server has for this machine");
	if (r->address[0] && r->src_address[0] && address_parse(&to, AF_UNSPEC, r->address) &&
	    address_parse(&from, AF_UNSPEC, r->src_address) && to.ss_family != from.ss_family)
		fault_add(&l->faults, s->line, "src-address", "is of another family than address");
}

static void read_radius(struct loading *l, const struct ini_section *s, const char *name)
{
	struct conf_server *server = &l->server;
	struct conf_radius *to = &server->radius[server->radius_count];

	if (server->radius_count >= CONF_RADIUS_MAX) {
		fault_add(&l->faults, s->line, NULL, "too many RADIUS servers, %d are legal",
			  CONF_RADIUS_MAX);
		return;
	}
	conf_defaults(l->draft);
	draft_apply_section(l->draft, &l->ini, s, CONF_IN_RADIUS, &l->faults);
	*to = l->draft->radius;
	if (!str_copy(to->name, sizeof(to->name), name))
		fault_add(&l->faults, s->line, NULL, "the name is too long");
	judge_radius(l, s, to);
	if (l->draft->secret.disabled)
		wipe(to, sizeof(*to));
	else
		server->radius_count++;
}

static void read_aaa(struct loading *l, const struct ini_section *s)
{
	conf_defaults(l->draft);
	if (s)
		draft_apply_section(l->draft, &l->ini, s, CONF_IN_AAA, &l->faults);
	l->server.aaa = l->draft->aaa;
	if (s && l->server.aaa.use_radius && !l->server.radius_count)
		fault_add(&l->faults, s->line, "use-radius",
			  "there is no [radius NAME] that is not disabled");
}

/* The section's text as it stands in the file: names of interfaces keep their case. */
static void written_name(const struct loading *l, const struct ini_section *s, char *out,
			 size_t cap)
{
	const char *end = l->ini.text + s->next_line, *at = end, *close;
	size_t len;

	if (at > l->ini.text)
		at--;
	while (at > l->ini.text && at[-1] != '\n')
		at--;
	at = memchr(at, '[', (size_t)(end - at));
	close = at ? memchr(at, ']', (size_t)(end - at)) : NULL;
	out[0] = '\0';
	if (!close)
		return;
	at++;
	at += strspn(at, " \t");
	while (close > at && (close[-1] == ' ' || close[-1] == '\t'))
		close--;
	len = (size_t)(close - at) < cap ? (size_t)(close - at) : cap - 1;
	memcpy(out, at, len);
	out[len] = '\0';
}

static void read_section(struct loading *l, const struct ini_section *s)
{
	char written[INI_NAME_LEN];
	const char *name;
	size_t skip;

	if (strcmp(s->name, "pptp-server") == 0 || strcmp(s->name, "l2tp-server") == 0 ||
	    behind(s->name, "pool"))
		return; /* read already: secrets need them */
	if (strcmp(s->name, "aaa") == 0)
		return; /* read when all RADIUS servers are known */
	written_name(l, s, written, sizeof(written));
	if ((name = behind(s->name, "secret"))) {
		skip = strlen(s->name) - strlen(name);
		read_secret(l, s, strlen(written) > skip ? written + skip : name);
	} else if ((name = behind(s->name, "interface"))) {
		skip = strlen(s->name) - strlen(name);
		read_interface(l, s, strlen(written) > skip ? written + skip : name);
	} else if ((name = behind(s->name, "radius"))) {
		skip = strlen(s->name) - strlen(name);
		read_radius(l, s, strlen(written) > skip ? written + skip : name);
	} else {
		fault_add(&l->faults, s->line, NULL,
			  "unknown section, write [pptp-server], [l2tp-server], [secret NAME], "
			  "[interface NAME], [pool NAME], [radius NAME] or [aaa]");
	}
}

static const struct ini_section *find_section(const struct ini *ini, const char *name)
{
	for (size_t i = 0; i < ini->section_count; i++)
		if (strcmp(ini->sections[i].name, name) == 0)
			return &ini->sections[i];
	return NULL;
}

static int judge(struct loading *l)
{
	bool secrets;

	/* Room for all at once: growing would leave passwords behind. */
	l->server.secrets = calloc(l->ini.section_count + 1, sizeof(*l->server.secrets));
	l->server.interfaces = calloc(l->ini.section_count + 1, sizeof(*l->server.interfaces));
	if (!l->server.secrets || !l->server.interfaces)
		return -ENOMEM;
	for (size_t i = 0; i < l->ini.section_count; i++)
		if (behind(l->ini.sections[i].name, "pool"))
			read_pool(l, &l->ini.sections[i], behind(l->ini.sections[i].name, "pool"));
	for (int type = 0; type < PROTOCOL_COUNT; type++)
		read_listener(l, find_section(&l->ini, type ? "l2tp-server" : "pptp-server"),
			      (enum protocol)type);
	for (size_t i = 0; i < l->ini.section_count; i++)
		read_section(l, &l->ini.sections[i]);
	read_aaa(l, find_section(&l->ini, "aaa"));
	draft_check_aliases(&l->ini, &l->faults);
	secrets = l->server.secret_count || l->server.radius_count ||
		  l->server.listener[PROTOCOL_L2TP].tunnel_secret.len ||
		  l->server.listener[PROTOCOL_L2TP].ipsec_secret.len;
	if (secrets && (l->ini.st.st_mode & 077)) {
		fault_add(&l->faults, 0, NULL,
			  "holds passwords and others may read it (mode %04o), run: chmod 600 %s",
			  l->ini.st.st_mode & 07777, l->path);
		return -EPERM;
	}
	if (l->ini.untrusted)
		return -EPERM;
	return l->error || l->faults.count ? -EINVAL : 0;
}

static bool server_path(const char *path, char *out, size_t cap)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return snprintf(out, cap, "%s/" SERVER_FILE, path) < (int)cap;
	return str_copy(out, cap, path);
}

int conf_server_load(const char *path, struct conf_server *server, struct conf_faults *faults)
{
	struct loading *l = calloc(1, sizeof(*l));
	char file[CONF_PATH_LEN];
	int r = -ENOMEM;

	if (l)
		l->draft = calloc(1, sizeof(*l->draft));
	if (l && l->draft && server_path(path, file, sizeof(file))) {
		l->path = l->faults.path = file;
		l->out = faults;
		r = ini_load(file, &l->ini, &l->faults);
		if (r == 0)
			r = judge(l);
		else if (r != -ENOENT)
			fault_add(&l->faults, 0, NULL, "cannot be read: %s", strerror(-r));
		fault_flush(&l->faults, faults);
		ini_free(&l->ini);
		if (r == 0)
			*server = l->server;
		else
			conf_server_free(&l->server);
		(void)str_copy(server->file, sizeof(server->file), file);
	}
	if (l && l->draft)
		wipe(l->draft, sizeof(*l->draft));
	if (l) {
		free(l->draft);
		wipe(l, sizeof(*l));
	}
	free(l);
	return r;
}

void conf_server_free(struct conf_server *server)
{
	if (server->secrets)
		wipe(server->secrets, server->secret_count * sizeof(*server->secrets));
	free(server->secrets);
	free(server->interfaces);
	wipe(server, sizeof(*server));
}
