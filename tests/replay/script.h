/*
 * script.h - one scripted conversation (*.rpl), line by line.
 *
 *	# what this shows
 *	option --via			before everything else: an option of the proxy
 *	list NAME RULE			before everything else: a rule of the filter list NAME
 *	> GET http://a.test/ HTTP/1.1	the client sends this and CRLF
 *	O< GET / HTTP/1.1		the origin must get this and CRLF, next
 *	O> HTTP/1.1 200 OK		the origin sends
 *	< HTTP/1.1 200 OK		the client must get this, next
 *
 * `2>` is the second client, `O2>` the second connection that the proxy makes to any origin.  One
 * character behind the arrow says what it is about:
 *
 *	>. TEXT		without CRLF
 *	>* N TEXT	N times TEXT, without CRLF
 *	<~ TEXT		anything, up to and with TEXT
 *	>| and <|	the orderly end of this direction
 *	>! and <!	a reset
 *
 * TEXT may hold \r \n \t \\ \xHH.  Further lines:
 *
 *	time MS				so much time passes
 *	choice SITE refused|accepted	the client's choice becomes known
 *	entry WORD...			of what is recorded, the next that holds all these words
 *	nothing-recorded		behind that, nothing is
 *	drain				the proxy is asked to end
 *	alias HOST NAME			the host turns out to be an alias of NAME
 *	origins N			so many connections were made to origins until now
 *
 * Each cookie that is recorded is decided again from its entry alone, and must come out the same.
 *
 * A first line "#!whole" says that the script is not to be played octet by octet as well.  At the
 * end nothing may have come that no line asked for.
 */
#ifndef CRUMBGATE_TESTS_SCRIPT_H
#define CRUMBGATE_TESTS_SCRIPT_H

#include "tests/replay/stage.h"

struct script {
	struct slice text;
	bool by_octet; /* everything is sent octet by octet, each in a turn of its own */
	const char *state;
	char why[4096]; /* after false */
};

bool script_run(struct script *s);

#endif
