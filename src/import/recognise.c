/* SPDX-License-Identifier: MIT */
/* What a file is, by what stands in it. */
#include "import/import.h"

#include "import/text.h"
#include "import/words.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Words of which one, at the start of a line, tells the format; the first line that has one does.
 */
static const struct {
	enum import_format format;
	const char *start;
} marks[] = {
	{IMPORT_FORMAT_ROUTEROS, "/interface"},
	{IMPORT_FORMAT_ROUTEROS, "/ppp"},
	{IMPORT_FORMAT_ROUTEROS, "/ip"},
	{IMPORT_FORMAT_ROUTEROS, "interface l2tp-"},
	{IMPORT_FORMAT_ROUTEROS, "interface pptp-"},
	{IMPORT_FORMAT_ROUTEROS, "ppp secret"},
	{IMPORT_FORMAT_ROUTEROS, "ppp profile"},
	{IMPORT_FORMAT_ROUTEROS, "add connect-to="},
	{IMPORT_FORMAT_XL2TPD, "[lac "},
	{IMPORT_FORMAT_XL2TPD, "[lns "},
	{IMPORT_FORMAT_XL2TPD, "[global]"},
	{IMPORT_FORMAT_IPSEC_CONF, "config setup"},
	{IMPORT_FORMAT_IPSEC_CONF, "conn "},
	{IMPORT_FORMAT_SWANCTL, "connections"},
	{IMPORT_FORMAT_SWANCTL, "secrets {"},
	{IMPORT_FORMAT_NM, "uuid="},
	{IMPORT_FORMAT_NM, "id="},
	{IMPORT_FORMAT_NM, "service-type="},
	{IMPORT_FORMAT_OPENWRT, "config "},
	{IMPORT_FORMAT_RASPHONE, "Encoding="},
	{IMPORT_FORMAT_RASPHONE, "VpnStrategy="},
	{IMPORT_FORMAT_POWERSHELL, "Add-VpnConnection"},
	{IMPORT_FORMAT_POWERSHELL, "Set-VpnConnection"},
	{IMPORT_FORMAT_APPLE, "<?xml"},
	{IMPORT_FORMAT_APPLE, "<!DOCTYPE plist"},
	{IMPORT_FORMAT_APPLE, "<plist"},
	{IMPORT_FORMAT_OURS, "connect-to"},
	{IMPORT_FORMAT_OPENVPN, "client"},
	{IMPORT_FORMAT_OPENVPN, "dev tun"},
	{IMPORT_FORMAT_OPENVPN, "dev tap"},
	{IMPORT_FORMAT_PPPD, "pty "},
	{IMPORT_FORMAT_PPPD, "plugin "},
	{IMPORT_FORMAT_PPPD, "pptp_server "},
};

/* Names of tables of secrets, which have no mark of their own. */
static const struct {
	enum import_format format;
	const char *name;
} tables[] = {
	{IMPORT_FORMAT_PPP_SECRETS, "chap-secrets"},
	{IMPORT_FORMAT_PPP_SECRETS, "pap-secrets"},
	{IMPORT_FORMAT_L2TP_SECRETS, "l2tp-secrets"},
	{IMPORT_FORMAT_IPSEC_SECRETS, "ipsec.secrets"},
};

static bool begins(const char *line, const char *word)
{
	return strncasecmp(line, word, strlen(word)) == 0;
}

/* A prompt of RouterOS, "[admin@router] ...>". */
static bool is_prompt(const char *line)
{
	const char *close = strstr(line, "] ");

	return *line == '[' && close && memchr(line, '@', (size_t)(close - line)) &&
	       strchr(close, '>');
}

/* A line that begins with an option of pppd, and is no "key = value". */
static bool is_pppd_option(const char *line)
{
	char word[64];
	size_t n = strcspn(line, " \t");

	(void)snprintf(word, sizeof(word), "%.*s", (int)(n < 63 ? n : 63), line);
	return !strchr(line, '=') && import_word_find(IMPORT_PPPD, word);
}

static enum import_format of_line(const char *line)
{
	if (is_prompt(line))
		return IMPORT_FORMAT_ROUTEROS;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (begins(line, marks[i].start))
			return marks[i].format;
	return is_pppd_option(line) ? IMPORT_FORMAT_PPPD : IMPORT_FORMAT_UNKNOWN;
}

static enum import_format of_text(const char *text, size_t len)
{
	struct cursor c = cursor_make(text, len);
	enum import_format found = IMPORT_FORMAT_UNKNOWN;
	char line[512];

	while (found == IMPORT_FORMAT_UNKNOWN && text_line(&c, line, sizeof(line), NULL)) {
		char *at = text_trim(line);

		if (*at && *at != '#' && *at != ';')
			found = of_line(at);
	}
	return found;
}

static enum import_format of_octets(const uint8_t *p, size_t len)
{
	if (len >= 2 && ((p[0] == 0xff && p[1] == 0xfe) || (p[0] == 0xfe && p[1] == 0xff)))
		return IMPORT_FORMAT_UTF16;
	/* A sequence of DER with a length of two octets or more, as PKCS #7 begins. */
	if (len >= 4 && p[0] == 0x30 && (p[1] & 0xf0) == 0x80)
		return IMPORT_FORMAT_SIGNED;
	return memchr(p, '\0', len) ? IMPORT_FORMAT_BINARY : IMPORT_FORMAT_UNKNOWN;
}

enum import_format import_recognise(const char *path, const char *text, size_t len)
{
	enum import_format format = of_octets((const uint8_t *)text, len);

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (format == IMPORT_FORMAT_UNKNOWN && strstr(text_base_name(path), tables[i].name))
			return tables[i].format;
	return format == IMPORT_FORMAT_UNKNOWN ? of_text(text, len) : format;
}
