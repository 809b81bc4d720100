#include "filters/lists/rule.h"

#include "filters/lists/format.h"
#include "filters/lists/keys.h"
#include "filters/lists/options.h"
#include "filters/lists/rule_parts.h"

/* ---- what kind of line ---- */

/*
 * "##", "#@#", "#?#", "#$#", "#%#" and so on, and AdGuard's "$$" and "$@$", with names of hosts
 * before them.
 */
static bool is_cosmetic_mark(struct slice s)
{
	size_t n = 1;

	if (s.n < 2)
		return false;
	if (s.p[0] == '$')
		return s.p[1] == '$' || (s.n > 2 && s.p[1] == '@' && s.p[2] == '$');
	while (n < s.n && n < 4 &&
	       (s.p[n] == '@' || s.p[n] == '?' || s.p[n] == '$' || s.p[n] == '%'))
		n++;
	if (n + 1 >= s.n || s.p[n] != '#' || s.p[n + 1] == ' ')
		return false;
	/* "###id" hides an element, "####" is a line of a remark. */
	return s.p[n + 1] != '#' || (n + 2 < s.n && s.p[n + 2] != '#' && s.p[n + 2] != ' ');
}

static bool is_cosmetic(struct slice line)
{
	for (size_t i = 0; i < line.n; i++)
		if ((line.p[i] == '#' || line.p[i] == '$') && is_cosmetic_mark(slice_skip(line, i)))
			return true;
	return line.n > 2 && line.p[0] == '[' && line.p[1] == '$';
}

/* An address and a blank, as a line of a hosts file begins. */
static bool is_hosts_line(struct slice line)
{
	size_t n = 0, dots = 0, colons = 0;

	for (; n < line.n && !ascii_blank(line.p[n]); n++) {
		char c = ascii_lower(line.p[n]);

		dots += c == '.';
		colons += c == ':';
		if (!ascii_digit(c) && c != '.' && c != ':' && !(c >= 'a' && c <= 'f') &&
		    !(colons != 0 && c != '/' && c != '$'))
			return false;
	}
	return n < line.n && ((dots == 3 && ascii_digit(line.p[0])) || colons > 1);
}

static struct slice without_remark(struct slice line)
{
	for (size_t i = 0; i + 1 < line.n; i++)
		if (ascii_blank(line.p[i]) && line.p[i + 1] == '#')
			return slice_trim(slice_head(line, i));
	return line;
}

static bool is_loopback_name(struct slice name)
{
	static const char *const names[] = {
		"localhost",	 "localhost.localdomain", "local",	  "broadcasthost",
		"ip6-localhost", "ip6-loopback",	  "ip6-localnet", "ip6-mcastprefix",
		"ip6-allnodes",	 "ip6-allrouters",	  "ip6-allhosts", "0.0.0.0"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (slice_ieq(name, slice_str(names[i])))
			return true;
	return false;
}

/* Labels of letters, digits, '-' and '_', and dots between them; at least two characters. */
bool rule_is_host(struct slice s)
{
	if (s.n < 2 || s.n > 253 || !is_token_char(s.p[0]) || !is_token_char(s.p[s.n - 1]))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!is_host_char(s.p[i]) || (s.p[i] == '.' && s.p[i - 1] == '.'))
			return false;
	return true;
}

static struct slice next_word(struct slice *rest)
{
	struct slice word;
	size_t n = 0;

	*rest = slice_trim(*rest);
	while (n < rest->n && !ascii_blank(rest->p[n]))
		n++;
	word = slice_head(*rest, n);
	*rest = slice_skip(*rest, n);
	return word;
}

bool rule_next_host(struct rule *r)
{
	while (r->hosts.n != 0) {
		r->pattern = next_word(&r->hosts);
		if (rule_is_host(r->pattern) && !is_loopback_name(r->pattern))
			return true;
	}
	return false;
}

static enum line_kind left(struct rule *r, enum left_kind kind)
{
	r->left = kind;
	return LINE_LEFT;
}

static enum line_kind read_hosts(struct rule *r)
{
	r->hosts = r->text;
	next_word(&r->hosts);
	r->flags = RULE_FIRST | RULE_THIRD | RULE_AT_LABEL | RULE_PLAIN;
	r->types = LISTS_TYPES_USUAL;
	r->host = true;
	r->same = key_of(r->text, KEY_TOKEN);
	return LINE_HOSTS;
}

/* ---- the pattern ---- */

static bool has_blank(struct slice s)
{
	return slice_find(s, ' ') != s.n || slice_find(s, '\t') != s.n;
}

static bool is_regex(struct slice s)
{
	return s.n > 2 && s.p[0] == '/' && s.p[s.n - 1] == '/';
}

static void read_anchors(struct rule *r)
{
	struct slice p = r->pattern;
	unsigned anchor = 0;

	if (slice_starts(p, SLICE("||"))) {
		p = slice_skip(p, 2);
		anchor = RULE_AT_LABEL;
	} else if (p.n != 0 && p.p[0] == '|') {
		p = slice_skip(p, 1);
		anchor = RULE_AT_START;
	}
	/* In front of a separator or '*' an anchor says nothing that could be meant. */
	if (p.n != 0 && is_token_char(p.p[0]))
		r->flags |= anchor;
	if (p.n != 0 && p.p[p.n - 1] == '|') {
		p.n--;
		if (p.n != 0 && p.p[p.n - 1] != '*')
			r->flags |= RULE_AT_END;
	}
	while (p.n != 0 && p.p[0] == '*')
		p = slice_skip(p, 1);
	while (p.n != 0 && p.p[p.n - 1] == '*')
		p.n--;
	r->pattern = p;
}

static bool is_ascii(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || (unsigned char)s.p[i] >= 0x7f)
			return false;
	return true;
}

static enum line_kind read_pattern(struct rule *r, bool options)
{
	bool anchored;

	/* What some lists write for '*'. */
	if (options && slice_eq(r->pattern, SLICE("/.*/"))) {
		r->pattern.n = 0;
		r->flags |= RULE_ANY | RULE_PLAIN;
		return LINE_RULE;
	}
	if (is_regex(r->pattern)) {
		r->pattern = slice_of(r->pattern.p + 1, r->pattern.n - 2);
		r->flags |= RULE_REGEX;
		return LINE_RULE;
	}
	if (has_blank(r->pattern) || (!options && r->pattern.n < 2))
		return left(r, LEFT_PATTERN);
	if (!is_ascii(r->pattern))
		return left(r, LEFT_UNICODE);
	/* Nothing but the name of a host: as if in a hosts file. */
	if (!options && rule_is_host(r->pattern)) {
		r->host = true;
		r->flags |= RULE_AT_LABEL | RULE_PLAIN;
		return LINE_RULE;
	}
	anchored = r->pattern.n != 0 && r->pattern.p[0] == '|';
	read_anchors(r);
	/* image_rule.at has an octet for what stands in front: any number of '*' may. */
	if (r->pattern.p - r->text.p > UINT8_MAX)
		return left(r, LEFT_PATTERN);
	if (r->pattern.n > RULE_PATTERN_MAX || (anchored && r->pattern.n == 0))
		return left(r, LEFT_PATTERN);
	if (r->pattern.n == 0)
		r->flags |= RULE_ANY;
	if (slice_find(r->pattern, '*') == r->pattern.n &&
	    slice_find(r->pattern, '^') == r->pattern.n)
		r->flags |= RULE_PLAIN;
	if ((r->flags & RULE_AT_LABEL) != 0 && (r->flags & RULE_AT_END) == 0 &&
	    r->pattern.p[r->pattern.n - 1] == '^' &&
	    rule_is_host(slice_head(r->pattern, r->pattern.n - 1))) {
		r->host = true;
		r->pattern.n--;
	}
	return LINE_RULE;
}

static enum line_kind read_rule(struct rule *r)
{
	struct slice body = r->text, options;
	enum line_kind kind;
	enum left_kind why;
	bool any;

	if (slice_starts(body, SLICE("@@"))) {
		body = slice_skip(body, 2);
		r->flags |= RULE_EXCEPTION;
	}
	any = options_part(body, &r->pattern, &options);
	if (any && !rule_read_options(r, options, &why))
		return left(r, why);
	r->same += key_of(r->pattern, KEY_TOKEN);
	kind = read_pattern(r, any);
	if (kind != LINE_RULE)
		return kind;
	if (!rule_finish(r, &why))
		return left(r, why);
	return LINE_RULE;
}

enum line_kind rule_read(struct slice line, struct rule *r)
{
	*r = (struct rule){ 0 };
	if (line.n != 0 && line.p[line.n - 1] == '\r')
		line.n--;
	line = slice_trim(line);
	r->text = line;
	if (line.n == 0)
		return LINE_NOTHING;
	if (line.p[0] == '!')
		return line.n > 1 && (line.p[1] == '#' || line.p[1] == '+') ? LINE_DIRECTIVE
									    : LINE_NOTHING;
	if (line.n > RULE_TEXT_MAX)
		return left(r, LEFT_PATTERN);
	if (is_cosmetic(line))
		return left(r, LEFT_COSMETIC);
	if (line.p[0] == '#' || line.p[0] == '[')
		return LINE_NOTHING;
	r->text = without_remark(line);
	if (is_hosts_line(r->text))
		return read_hosts(r);
	return read_rule(r);
}
