/* SPDX-License-Identifier: MIT */
/* The ids of an L2TP tunnel whose session died: kept in RUN_DIR/NAME.call, so that the next session
 * can tell the server that it is over.  (PPTP's control connection dies with its process.) */
#include "connection/crashed.h"

#include "base/str.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_LEN 128

static bool path_of(const struct supervisor *s, const char *suffix, char *path, size_t cap)
{
	return snprintf(path, cap, "%s/%s.call%s", s->run_dir, s->options.name, suffix) < (int)cap;
}

void crashed_note(struct supervisor *s, const struct request_call *ids)
{
	char path[RUN_DIR_MAX + CONF_NAME_MAX + 16], fresh[sizeof path], line[LINE_MAX_LEN];
	int fd, len;

	s->crashed.ids = *ids;
	str_copy(s->crashed.server, sizeof s->crashed.server, s->status.server_address);
	if (!path_of(s, "", path, sizeof path) || !path_of(s, ".new", fresh, sizeof fresh))
		return;
	len = snprintf(line, sizeof line, "l2tp %s %u %u %u %u\n", s->crashed.server,
		       ids->local_tunnel_id, ids->peer_tunnel_id, ids->ns, ids->nr);
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return; /* a full disk: this run still knows them */
	if (write(fd, line, (size_t)len) != len || rename(fresh, path) < 0)
		unlink(fresh);
	close(fd);
}

void crashed_forget(struct supervisor *s)
{
	char path[RUN_DIR_MAX + CONF_NAME_MAX + 16];

	s->crashed.ids = (struct request_call){0};
	if (path_of(s, "", path, sizeof path))
		unlink(path);
}

void crashed_load(struct supervisor *s)
{
	char path[RUN_DIR_MAX + CONF_NAME_MAX + 16], line[LINE_MAX_LEN] = "", server[64];
	unsigned local, peer, ns, nr;
	struct stat st;
	ssize_t n = -1;
	int fd;

	if (!path_of(s, "", path, sizeof path))
		return;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && st.st_uid == geteuid())
		n = read(fd, line, sizeof line - 1);
	close(fd);
	if (n > 0 &&
	    /* NOLINTNEXTLINE(cert-err34-c): five digits cannot be too many */
	    sscanf(line, "l2tp %63s %5u %5u %5u %5u", server, &local, &peer, &ns, &nr) == 5 &&
	    local <= UINT16_MAX && peer <= UINT16_MAX && ns <= UINT16_MAX && nr <= UINT16_MAX) {
		str_copy(s->crashed.server, sizeof s->crashed.server, server);
		s->crashed.ids = (struct request_call){(uint16_t)local, (uint16_t)peer,
						       (uint16_t)ns, (uint16_t)nr};
	}
}

struct request_call crashed_take(struct supervisor *s)
{
	struct request_call ids = s->crashed.ids;

	if (!ids.peer_tunnel_id || strcmp(s->crashed.server, s->status.server_address) != 0)
		return (struct request_call){0};
	crashed_forget(s);
	log_info(&s->log, "telling the server that the tunnel of the dead session is over");
	return ids;
}
