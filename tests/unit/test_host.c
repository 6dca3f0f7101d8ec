/* SPDX-License-Identifier: MIT */
/* Parts of src/host that need no kernel: prefixes, the edit of resolv.conf, journal lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/journal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/rtnetlink.h>
#include <linux/seccomp.h>
#include <netlink/socket.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static bool covers(int family, const char *a, uint8_t a_len, const char *b, uint8_t b_len)
{
	uint8_t x[16] = {0}, y[16] = {0};

	assert_int_equal(inet_pton(family, a, x), 1);
	assert_int_equal(inet_pton(family, b, y), 1);
	return host_prefix_covers(family, x, a_len, y, b_len);
}

static void prefix_covers_only_what_it_holds(void **state)
{
	(void)state;
	assert_true(covers(AF_INET, "0.0.0.0", 0, "203.0.113.5", 32));
	assert_true(covers(AF_INET, "10.0.0.0", 8, "10.255.0.1", 32));
	assert_false(covers(AF_INET, "10.0.0.0", 8, "11.0.0.1", 32));
	assert_true(covers(AF_INET, "10.88.2.2", 32, "10.88.2.2", 32));
	assert_false(covers(AF_INET, "10.88.2.2", 32, "10.88.2.3", 32));
	assert_true(covers(AF_INET, "10.88.0.0", 15, "10.89.255.255", 32));
	assert_false(covers(AF_INET, "10.88.0.0", 15, "10.90.0.0", 32));
	assert_false(covers(AF_INET, "10.88.0.0", 24, "10.88.0.0", 16));
	assert_true(covers(AF_INET6, "2001:db8::", 32, "2001:db8:ffff::1", 128));
	assert_false(covers(AF_INET6, "2001:db8::", 33, "2001:db8:ffff::1", 128));
	assert_false(covers(AF_INET, "0.0.0.0", 33, "0.0.0.0", 40));
}

static struct resolv_text text_of(const char *s)
{
	return (struct resolv_text){.text = (char *)(uintptr_t)s, .len = strlen(s)};
}

static struct resolv_wish wish_of(struct in_addr servers[2], const char *search, bool exclusively)
{
	inet_pton(AF_INET, "10.99.0.53", &servers[0]);
	inet_pton(AF_INET, "10.99.0.54", &servers[1]);
	return (struct resolv_wish){.servers = servers,
				    .server_count = 2,
				    .search = search,
				    .exclusively = exclusively};
}

static void edit_puts_block_first_and_surplus_aside(void **state)
{
	struct in_addr servers[2];
	struct resolv_wish wish = wish_of(servers, "corp.example", false);
	struct resolv_text after,
		before = text_of("search home\nnameserver 1.1.1.1\nnameserver 2.2.2.2\noptions x");

	(void)state;
	assert_int_equal(resolv_text_make("office", &before, &wish, &after), 0);
	assert_string_equal(after.text, "# vpdial office begin: removed at hang-up\n"
					"nameserver 10.99.0.53\n"
					"nameserver 10.99.0.54\n"
					"search corp.example\n"
					"# vpdial office end\n"
					"#vpdial office# search home\n"
					"nameserver 1.1.1.1\n"
					"#vpdial office# nameserver 2.2.2.2\n"
					"options x");
	free(after.text);
}

static void unmake_gives_back_every_text(void **state)
{
	static const char *const texts[] = {
		"",
		"\n",
		"nameserver 1.1.1.1",
		"nameserver 1.1.1.1\n",
		"# c\n\nnameserver 1.1.1.1\nnameserver 2.2.2.2\nnameserver 3.3.3.3\ndomain d\n",
		"search a b\noptions edns0\r\n\n\n",
		"#vpdial other# nameserver 9.9.9.9\n# vpdial other end\n",
	};
	struct in_addr servers[2];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		for (int mode = 0; mode < 4; mode++) {
			struct resolv_wish wish =
				wish_of(servers, mode & 1 ? "s.example" : "", (mode & 2) != 0);
			struct resolv_text before = text_of(texts[i]), after, back;

			assert_int_equal(resolv_text_make("office", &before, &wish, &after), 0);
			assert_int_equal(resolv_text_unmake("office", &after, &back), 0);
			assert_string_equal(back.text, texts[i]);
			assert_int_equal(back.len, before.len);
			free(after.text);
			free(back.text);
		}
	}
}

static void unmake_without_end_mark_keeps_other_lines(void **state)
{
	struct resolv_text current = text_of("# vpdial office begin: removed at hang-up\n"
					     "nameserver 5.5.5.5\n");
	struct resolv_text back;

	(void)state;
	assert_int_equal(resolv_text_unmake("office", &current, &back), 0);
	assert_string_equal(back.text, "nameserver 5.5.5.5\n");
	free(back.text);
}

#define PLAIN "nameserver 192.0.2.1\nsearch home.example\n"

static struct resolv_edit *edit_make(const char *name, const char *path, const char *before,
				     const char *server)
{
	struct resolv_edit *e = resolv_edit_new();
	struct in_addr servers[1];
	struct resolv_wish wish = {.servers = servers, .server_count = 1, .search = ""};

	inet_pton(AF_INET, server, &servers[0]);
	strcpy(e->path, path);
	strcpy(e->name, name);
	e->was_there = true;
	e->mode = 0644;
	e->uid = geteuid();
	e->gid = getegid();
	e->before = (struct resolv_text){.text = strdup(before), .len = strlen(before)};
	assert_int_equal(resolv_text_make(name, &e->before, &wish, &e->after), 0);
	return e;
}

static void file_put(const char *path, const char *text, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	fclose(f);
}

static void assert_file(const char *path, const char *text)
{
	static char octets[RESOLV_SIZE_MAX];
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	octets[fread(octets, 1, sizeof(octets) - 1, f)] = '\0';
	fclose(f);
	assert_string_equal(octets, text);
}

static void profile_that_ended_does_not_come_back_with_the_other(void **state)
{
	char path[] = "/tmp/vpdial-resolv.XXXXXX";
	struct resolv_edit *a, *b;
	(void)state;

	close(mkstemp(path));
	/* Blocks of one length: what the first leaves is as long as the second has found it. */
	a = edit_make("aa", path, PLAIN, "10.99.0.53");
	b = edit_make("bb", path, a->after.text, "10.99.1.53");
	file_put(path, b->after.text, b->after.len);
	assert_int_equal(resolv_edit_undo(a, RESOLV_LOCK_WAIT), RESOLV_LINES_REMOVED);
	assert_int_equal(resolv_edit_undo(b, RESOLV_LOCK_WAIT), RESOLV_LINES_REMOVED);
	assert_file(path, PLAIN);
	resolv_edit_free(a);
	resolv_edit_free(b);
	unlink(path);
}

/* What the first leaves is the beginning of what the second wrote: its block, and nothing else. */
static void profile_that_ended_does_not_come_back_where_nothing_else_is_in_the_file(void **state)
{
	char path[] = "/tmp/vpdial-resolv.XXXXXX";
	struct resolv_edit *a, *b;
	(void)state;

	close(mkstemp(path));
	for (int longer = 0; longer < 2; longer++) {
		a = edit_make("aa", path, "", "10.99.0.53");
		b = edit_make(longer ? "branch" : "bb", path, a->after.text, "10.99.1.53");
		file_put(path, b->after.text, b->after.len);
		assert_int_equal(resolv_edit_undo(a, RESOLV_LOCK_WAIT), RESOLV_LINES_REMOVED);
		assert_int_equal(resolv_edit_undo(b, RESOLV_LOCK_WAIT), RESOLV_LINES_REMOVED);
		assert_file(path, "");
		resolv_edit_free(a);
		resolv_edit_free(b);
	}
	unlink(path);
}

static void last_line_that_others_took_out_does_not_come_back(void **state)
{
	char path[] = "/tmp/vpdial-resolv.XXXXXX";
	struct resolv_edit *e;
	(void)state;

	close(mkstemp(path));
	e = edit_make("office", path, PLAIN "nameserver 192.0.2.2\n", "10.99.0.53");
	file_put(path, e->after.text, e->after.len - strlen("nameserver 192.0.2.2\n"));
	assert_int_equal(resolv_edit_undo(e, RESOLV_LOCK_WAIT), RESOLV_LINES_REMOVED);
	assert_file(path, PLAIN);
	resolv_edit_free(e);
	unlink(path);
}

static void write_in_place_that_was_cut_short_is_repaired(void **state)
{
	char path[] = "/tmp/vpdial-resolv.XXXXXX", large[9000], torn[2 * sizeof(large)];
	struct resolv_edit *e;
	(void)state;

	close(mkstemp(path));
	for (size_t i = 0; i < sizeof(large) - 1; i++)
		large[i] = i % 50 == 49 ? '\n' : (char)('a' + i % 23);
	large[sizeof(large) - 1] = '\0';
	e = edit_make("office", path, large, "10.99.0.53");
	/* The kernel writes page by page; what is behind the end is not there yet. */
	for (size_t at = 4096; at < e->after.len; at += 4096) {
		memcpy(torn, e->before.text, e->before.len);
		memcpy(torn, e->after.text, at);
		file_put(path, torn, e->before.len);
		assert_int_equal(resolv_edit_undo(e, RESOLV_LOCK_WAIT), RESOLV_RESTORED);
		assert_file(path, large);
	}
	/* It was to be restored: the old length, then the old text. */
	file_put(path, e->after.text, e->before.len);
	assert_int_equal(resolv_edit_undo(e, RESOLV_LOCK_WAIT), RESOLV_RESTORED);
	assert_file(path, large);
	resolv_edit_free(e);
	unlink(path);
}

static void filter_calls(struct sock_filter *code, unsigned short len)
{
	struct sock_fprog program = {len, code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		_exit(1);
}

/* From now on files can only be written in place, and this process dies when it has. */
static void die_behind_the_write(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
#ifdef SYS_unlink
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unlink, 3, 0),
#endif
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unlinkat, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fsync, 2, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EROFS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	filter_calls(code, sizeof(code) / sizeof(code[0]));
}

static void kill_while_the_old_text_is_put_back_leaves_nothing_of_ours(void **state)
{
	char path[] = "/tmp/vpdial-resolv.XXXXXX";
	struct resolv_edit *e;
	int status = 0;
	pid_t pid;
	(void)state;

	close(mkstemp(path));
	e = edit_make("office", path, PLAIN, "10.99.0.53");
	file_put(path, e->after.text, e->after.len);
	pid = fork();
	if (pid == 0) {
		die_behind_the_write();
		(void)resolv_edit_undo(e, RESOLV_LOCK_WAIT);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(resolv_edit_undo(e, RESOLV_LOCK_WAIT), RESOLV_RESTORED);
	assert_file(path, PLAIN);
	resolv_edit_free(e);
	unlink(path);
}

/* The server looks at each call, and anybody may hold the lock: it must not wait in vain. */
static void looking_for_an_old_block_takes_no_lock(void **state)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_flock, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	int status = 0;
	pid_t pid;
	(void)state;

	pid = fork();
	if (pid == 0) {
		filter_calls(code, sizeof(code) / sizeof(code[0]));
		_exit(resolv_clear_old("no-such-profile", "no-such-boot"));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void answers_are_found_after_a_request_that_could_not_be_sent(void **state)
{
	struct host_nl nl;
	struct host_link link;
	int fd, kept, null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	(void)state;

	assert_int_equal(host_nl_open(&nl, NETLINK_ROUTE), 0);
	fd = nl_socket_get_fd(nl.sock);
	kept = dup(fd);
	assert_int_equal(host_link_get(&nl, 1, &link), 0);
	assert_return_code(dup2(null_fd, fd), errno);
	assert_true(host_link_get(&nl, 1, &link) < 0);
	assert_return_code(dup2(kept, fd), errno);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(host_link_get(&nl, 1, &link), 0);
		assert_string_equal(link.name, "lo");
	}
	/* Nor does the answer to a request that nobody waited for count as that to the next. */
	{
		struct ifinfomsg ifi = {.ifi_index = 0x7fffffff};
		struct nl_msg *lost = host_nl_msg(RTM_GETLINK, NLM_F_ACK, &ifi, sizeof(ifi));

		assert_non_null(lost);
		assert_true(nl_send_auto(nl.sock, lost) > 0);
		nlmsg_free(lost);
	}
	assert_int_equal(host_link_get(&nl, 1, &link), 0);
	assert_string_equal(link.name, "lo");
	host_nl_close(&nl);
	close(kept);
	close(null_fd);
}

/* Who finds no IPsec in the kernel sends past it: that must not be said of a lack of descriptors.
 */
static void lack_of_descriptors_is_no_lack_of_a_protocol(void **state)
{
	struct rlimit none = {0}, before;
	struct host_nl nl;
	int r;
	(void)state;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none.rlim_max = before.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	r = host_nl_open(&nl, NETLINK_XFRM);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	host_nl_close(&nl);
	assert_int_equal(r, -EMFILE);
	r = host_nl_open(&nl, 30); /* no such protocol */
	host_nl_close(&nl);
	assert_int_equal(r, -EPROTONOSUPPORT);
}

static void parse_copy(const char *text, int expected, struct undo_step *step)
{
	char *copy = strdup(text);

	assert_non_null(copy);
	assert_int_equal(journal_line_parse(copy, "office", step), expected);
	free(copy);
}

static void pin_line_survives_both_ways(void **state)
{
	static const char *const lines[] = {
		"pin 10.88.2.2 32 10.88.1.1 2 0 254 1 0",
		"pin 10.88.2.2 32 - 7 100 254 1 253",
		"pin 10.88.2.2 32 fe80::1 7 100 254 1 0",
		"pin 2001:db8::9 128 fe80::1 2 1024 254 1 0",
		"keep 192.0.2.9 32 10.88.1.1 2 0 254 1 0",
	};
	struct undo_step step;
	char *line;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		parse_copy(lines[i], 0, &step);
		assert_int_equal(step.kind, lines[i][0] == 'p' ? UNDO_PIN : UNDO_KEEP);
		assert_int_equal(step.route.protocol, HOST_ROUTE_PROTOCOL);
		line = journal_line_make(&step);
		assert_non_null(line);
		assert_string_equal(line, lines[i]);
		free(line);
	}
}

static void block_line_survives_both_ways(void **state)
{
	static const char *const lines[] = {
		"block 0.0.0.0 1 4000000000",
		"block 128.0.0.0 1 4000000015",
		"block fd00:1:2:: 48 4000000001",
	};
	struct undo_step step;
	char *line;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		parse_copy(lines[i], 0, &step);
		assert_int_equal(step.kind, UNDO_BLOCK);
		assert_int_equal(step.route.type, RTN_UNREACHABLE);
		assert_int_equal(step.route.protocol, HOST_ROUTE_PROTOCOL);
		line = journal_line_make(&step);
		assert_non_null(line);
		assert_string_equal(line, lines[i]);
		free(line);
	}
}

static void route_in_parts(void **state)
{
	struct host_rt rt = {.family = AF_INET6}, part[HOST_PARTS_MAX];

	(void)state;
	assert_int_equal(host_rt_split(&rt, 1, part), 2);
	assert_int_equal(part[0].prefix_len + part[1].prefix_len, 2);
	assert_int_equal(part[0].dst[0], 0);
	assert_int_equal(part[1].dst[0], 0x80);
	assert_int_equal(host_rt_split(&rt, 3, part), 8);
	for (unsigned i = 0; i < 8; i++) {
		assert_int_equal(part[i].prefix_len, 3);
		assert_int_equal(part[i].dst[0], i << 5);
	}
	/* Across an octet. */
	rt.family = AF_INET;
	rt.prefix_len = 7;
	rt.dst[0] = 10;
	assert_int_equal(host_rt_split(&rt, 2, part), 4);
	assert_int_equal(part[1].dst[0], 10);
	assert_int_equal(part[1].dst[1], 0x80);
	assert_int_equal(part[2].dst[0], 11);
	assert_int_equal(part[3].dst[0], 11);
	assert_int_equal(part[3].dst[1], 0x80);
	rt.prefix_len = 12;
	memset(rt.dst, 0xff, sizeof(rt.dst));
	assert_int_equal(host_rt_split(&rt, 0, part), 1);
	assert_true(host_rt_equal(&rt, &part[0]));
	host_rt_mask(&rt);
	assert_int_equal(rt.dst[0], 0xff);
	assert_int_equal(rt.dst[1], 0xf0);
	assert_int_equal(rt.dst[2], 0);
}

static void file_line_survives_both_ways(void **state)
{
	struct in_addr servers[2];
	struct resolv_wish wish = wish_of(servers, "", true);
	struct undo_step step = {.kind = UNDO_FILE, .edit = resolv_edit_new()}, back;
	char *line, *again;

	(void)state;
	assert_non_null(step.edit);
	strcpy(step.edit->path, "/etc/resolv.conf");
	strcpy(step.edit->name, "office");
	step.edit->was_there = true;
	step.edit->mode = 0640;
	step.edit->before = (struct resolv_text){.text = strdup("nameserver 1.1.1.1\n"), .len = 19};
	assert_int_equal(resolv_text_make("office", &step.edit->before, &wish, &step.edit->after),
			 0);
	line = journal_line_make(&step);
	assert_non_null(line);
	parse_copy(line, 0, &back);
	assert_string_equal(back.edit->before.text, "nameserver 1.1.1.1\n");
	assert_int_equal(back.edit->mode, 0640);
	again = journal_line_make(&back);
	assert_string_equal(again, line);
	free(again);

	/* One digit of the written text changed: not what we wrote any more. */
	line[strlen(line) - 3] ^= 1;
	undo_step_free(&back);
	parse_copy(line, -74, &back);
	free(line);
	undo_step_free(&step);
}

static void foreign_lines_refused(void **state)
{
	static const char *const lines[] = {
		"",
		" ",
		"pin",
		"pin  10.88.2.2 32 - 2 0 254 1 0",
		"pin 10.88.2.2 32 - 2 0 254 1",
		"pin 10.88.2.2 32 - 2 0 254 1 0 0",
		"pin 10.88.2.2 24 - 2 0 254 1 0",
		"pin 0.0.0.0 0 10.88.1.1 2 0 254 1 0",
		"pin 10.88.2.2 32 - 0 0 254 1 0",
		"pin 10.88.2.2 32 - 2 0 254 6 0",
		"pin 10.88.2.2 32 - +2 0 254 1 0",
		"pin 10.88.2.2 32 - 2 4294967296 254 1 0",
		"pin 2001:db8::9 32 - 2 0 254 1 0",
		"pin - 32 - 2 0 254 1 0",
		"block",
		"block 10.0.0.0 8",
		"block 10.0.0.0 8 0",
		"block 10.0.0.0 8 3999999999",
		"block 10.0.0.0 8 4000000016",
		"block 0.0.0.0 0 4000000000",
		"block 10.0.0.0 33 4000000000",
		"block - 8 4000000000",
		"resolvconf vpn1",
		"resolvconf .vpdial",
		"resolvconf -a.vpdial",
		"resolvconf a/b.vpdial",
		"resolvconf abcdefghijklmnopqrstuvwxyz.vpdial",
		"file etc/resolv.conf 1 420 0 0 - 61",
		"file /etc/../etc/passwd 1 420 0 0 - 61",
		"file /etc/resolv.conf 1 420 0 0 - 61",
		"file /etc/resolv.conf 2 420 0 0 - 61",
		"file /etc/resolv.conf 1 2541 0 0 - 61",
		"file /etc/resolv.conf 1 420 0 0 6 61",
		"a b c d e f g h i j k l m n",
	};
	struct undo_step step;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		parse_copy(lines[i], -74, &step);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prefix_covers_only_what_it_holds),
		cmocka_unit_test(edit_puts_block_first_and_surplus_aside),
		cmocka_unit_test(unmake_gives_back_every_text),
		cmocka_unit_test(unmake_without_end_mark_keeps_other_lines),
		cmocka_unit_test(profile_that_ended_does_not_come_back_with_the_other),
		cmocka_unit_test(
			profile_that_ended_does_not_come_back_where_nothing_else_is_in_the_file),
		cmocka_unit_test(last_line_that_others_took_out_does_not_come_back),
		cmocka_unit_test(write_in_place_that_was_cut_short_is_repaired),
		cmocka_unit_test(kill_while_the_old_text_is_put_back_leaves_nothing_of_ours),
		cmocka_unit_test(looking_for_an_old_block_takes_no_lock),
		cmocka_unit_test(answers_are_found_after_a_request_that_could_not_be_sent),
		cmocka_unit_test(lack_of_descriptors_is_no_lack_of_a_protocol),
		cmocka_unit_test(pin_line_survives_both_ways),
		cmocka_unit_test(block_line_survives_both_ways),
		cmocka_unit_test(route_in_parts),
		cmocka_unit_test(file_line_survives_both_ways),
		cmocka_unit_test(foreign_lines_refused),
	};

	return cmocka_run_group_tests_name("host", tests, NULL, NULL);
}
