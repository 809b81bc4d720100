/*
 * score_features.h - what the learned score sees of a cookie: a few dozen short words.
 *
 * Each fact becomes text, so that the table of weights (data/score.tsv) can be read, and so that
 * the training script needs no code of its own for it: it asks `crumbgate classify --features`,
 * which ends here.  A word may come more than once and then counts as often.  The words:
 *
 *	g:XYZ		three or four neighbours in the name's general form (below), "^" before it
 *			and "$" behind it
 *	t:WORD		each word in the name: letters between marks, digits and humps (aB)
 *	c:FORM		lower, upper, camel, or none (no letter)
 *	d:short|middle|long	its length: to 4, to 16 octets
 *	v:FORM, v:FORM:LENGTH, v:e:BITS	the value's shape (shape.h), its length in doublings
 *	l:BUCKET	the lifetime: session, hour, day, week, month, quarter, half, year, long
 *	a:WORD		httponly or script, secure or plain, lax, strict or none, domain or host
 *	p:PARTY		first, third
 *	x:FORM:BUCKET, x:PARTY:FORM, x:PARTY:BUCKET	two of them together
 *	y:PARTY:...	three: who reads it (httponly, script) with domain or host, with none, with
 *			FORM or with BUCKET; domain or host with BUCKET
 *	z:PARTY:FORM:BUCKET	the value's form and the lifetime
 *	h:WORD		words in the setting host's name, the last label left out; of a first party
 *			the last two
 *	i:XYZ		three neighbours in such a word, "^" before it and "$" behind it
 *
 * A fact that is not known gives no word.  The general form of a name: without the prefix
 * __Host- or __Secure-; lower case; each run of
 * digits is "0", each longer run of hexadecimal digits "#", what is not printable "?".
 */
#ifndef CRUMBGATE_FILTERS_SCORE_FEATURES_H
#define CRUMBGATE_FILTERS_SCORE_FEATURES_H

#include "filters/cookie.h"
#include "filters/shape.h"
#include "filters/words.h"

/* All slices are borrowed. */
struct score_facts {
	struct slice name;
	struct slice host; /* the setter's, in any case; empty: not known */
	/* A tracker's name that the host is an alias of; empty: none is known.  No word is of it. */
	struct slice alias;
	bool party_known;
	enum party party;
	/* With a party that is not known: a site's own list names somebody as the provider. */
	bool declared;
	int64_t lifetime_s; /* as in cookie.h */
	/*
	 * Live, the value itself, so that its shape is found only where it is asked for; from a log
	 * the shape.
	 */
	bool has_value, shape_known;
	struct slice value;
	struct value_shape shape;
	bool attributes_known;
	bool secure, httponly, has_domain;
	enum same_site same_site;
};

/* A word is never longer. */
#define SCORE_FEATURE_MAX 48u

/* Called once for each word; the slice lives as long as the call. */
typedef void score_feature_see(void *arg, struct slice feature);

void score_features(const struct score_facts *f, score_feature_see *see, void *arg);

#define SCORE_NAME_MAX 40u
#define SCORE_WORDS_MAX 12u

/* A name in its general form, and the words in it. */
struct score_name {
	char text[SCORE_NAME_MAX];
	size_t n;
	unsigned words;
	struct {
		uint8_t at, n;
	} word[SCORE_WORDS_MAX];
	bool lower, upper, hump;
};

void score_name_of(struct slice name, struct score_name *out);

static inline struct slice score_name_word(const struct score_name *name, unsigned i)
{
	return slice_of(name->text + name->word[i].at, name->word[i].n);
}

/* The bucket of a lifetime, "" when it is not known. */
const char *score_life_word(int64_t lifetime_s);

#endif
