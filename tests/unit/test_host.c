/* SPDX-License-Identifier: MIT */
/* Parts of src/host that need no kernel: prefixes, the edit of resolv.conf, journal lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/journal.h"

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void default_route_has_two_halves(void **state)
{
	struct host_rt rt = {.family = AF_INET6}, half[2];

	(void)state;
	assert_int_equal(host_rt_halves(&rt, half), 2);
	assert_int_equal(half[0].prefix_len + half[1].prefix_len, 2);
	assert_int_equal(half[0].dst[0], 0);
	assert_int_equal(half[1].dst[0], 0x80);
	rt.prefix_len = 12;
	memset(rt.dst, 0xff, sizeof(rt.dst));
	assert_int_equal(host_rt_halves(&rt, half), 1);
	assert_true(host_rt_equal(&rt, &half[0]));
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
		cmocka_unit_test(pin_line_survives_both_ways),
		cmocka_unit_test(block_line_survives_both_ways),
		cmocka_unit_test(default_route_has_two_halves),
		cmocka_unit_test(file_line_survives_both_ways),
		cmocka_unit_test(foreign_lines_refused),
	};

	return cmocka_run_group_tests_name("host", tests, NULL, NULL);
}
