#!/usr/bin/python3
# train_score.py - learns data/score.tsv, and says how good it is on names it has not seen.
#
# Use: train_score.py --crumbgate build/crumbgate [--write data/score.tsv] SOURCE...
#
# SOURCE is a file with labelled cookies, told apart by its columns:
#   name, consensus or label, ...     labelled cookies with what a crawl saw of them
#   Category, Cookie / Data Key name  a list such as the Open Cookie Database
#   name, service, type               a list such as tarteaucitron's
#   pattern, class, ... (tabs)        patterns with a class letter
#   site, name, value, domain, ...    cookies of a crawl; labelled by the project's own tables
# The project's own data/cookies.tsv is always learned from.
#
# What the score sees of a cookie is computed by the program itself (crumbgate classify --features),
# so there is one definition of it.  The model is multinomial logistic regression; a feature counts
# only where it occurs in more than one family of names, so that no single name is learned by heart.
# A family is a name without digits and identifiers, up to its first word of three letters.
#
# Before the model is written, it is tried: families are dealt into ten parts, and each part is
# judged by the program with a model, and a cookie table, that know nothing of its families.
#
# Needs python3 with numpy, scipy and scikit-learn (Debian: python3-sklearn).  The same sources and
# the same versions give the same file.
import argparse
import collections
import csv
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

CLASSES = ['essential', 'functional', 'analytics', 'advertising', 'choice']
TRACKING = ('analytics', 'advertising')
COLUMNS = ['name', 'domain', 'provider', 'site', 'party', 'value', 'expiry_s', 'session', 'http_only',
           'host_only', 'secure', 'same_site', 'third_party']
HERE = os.path.dirname(os.path.abspath(__file__))
PARTS = 10
INNER_PARTS = 5
# In 1/1000.  In the order of score.h: first party, third, not known, first in a request.  The last is
# set by hand: there is nothing but a name and a host, and the site may be in the middle of something.
THRESHOLDS = range(450, 925, 25)
USUAL = [700, 500, 650, 900]

# What others call a purpose.  What they call functional may be anything, so it is not learned.
WORDS = {'necessary': 'essential', 'security': 'essential', 'marketing': 'advertising',
         'analytic': 'analytics', 'ads': 'advertising', 'social': 'advertising'}
LETTERS = {'E': 'essential', 'S': 'essential', 'C': 'choice', 'F': 'functional', 'A': 'analytics',
           'M': 'advertising'}


def family(name):
    name = re.sub(r'^(__Secure-|__Host-)', '', name)
    name = re.sub(r'[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}', '', name)
    name = re.sub(r'(?=[0-9a-fA-F]*\d[0-9a-fA-F]*\d)[0-9a-fA-F]{6,}', '', name)
    words = re.findall(r'[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\x00-\x7f]+', name)
    for word in words:
        if len(word) >= 3:
            return word.lower()
    return ''.join(words).lower() or '#'


class Row:
    def __init__(self, label, weight, facts, source, tier=''):
        self.label, self.weight, self.facts = label, weight, facts
        self.source, self.tier, self.copy = source, tier, False
        self.open = True  # whether nothing but the score would decide, were it in no table
        self.family = family(facts['name'])


def bare(row, share):
    """The cookie as a request shows it: name and host alone."""
    facts = {k: row.facts.get(k, '') for k in ('name', 'domain', 'provider', 'site', 'party')}
    copy = Row(row.label, row.weight * share, facts, row.source, row.tier)
    copy.copy = True
    return copy


def with_bare(rows):
    for row in rows:
        if row.facts.get('value') or row.facts.get('expiry_s'):
            row.weight *= 0.6
            yield bare(row, 2 / 3)
        yield row


def life_seconds(text):
    if text == 'session':
        return '', '1'
    if text in ('?', '*', ''):
        return '', ''
    return str(int(text[:-1]) * {'m': 60, 'h': 3600, 'd': 86400}[text[-1]]), '0'


def table_lines(path):
    for line in open(path, encoding='ascii'):
        if not line.startswith(('#', 'pattern\t')) and line.strip():
            yield line.rstrip('\n').split('\t')


def from_table(path):
    for c in table_lines(path):
        seconds, session = life_seconds(c[7])
        facts = {'name': c[0].replace('*', '7f3a90b2'), 'expiry_s': seconds, 'session': session,
                 'domain': '' if c[4] == '*' else c[4].split(',')[0],
                 'party': '' if c[5] == 'any' else c[5]}
        yield Row(c[1], 1.0, facts, 'table')


def from_labelled(rows):
    for r in rows:
        label = WORDS.get(r.get('consensus') or r.get('label'), r.get('consensus') or r.get('label'))
        tier = r.get('tier', '')
        if label in CLASSES:
            yield Row(label, 1.0 if tier == 'A' else 0.7, r, 'labelled', tier)


def from_list(rows):
    for r in rows:
        name = r['Cookie / Data Key name']
        label = WORDS.get(r['Category'].lower(), r['Category'].lower())
        if label in CLASSES and label != 'functional' and name:
            yield Row(label, 0.6, {'name': name}, 'list')


def from_services(rows):
    for r in rows:
        label = WORDS.get(r['type'])
        if label:
            yield Row(label, 0.4, {'name': r['name']}, 'services')


def from_patterns(text):
    for line in text.split('\n'):
        c = line.split('\t')
        if line.startswith('#') or len(c) < 5 or c[1] == 'regex':
            continue
        yield Row(LETTERS[c[2]], 1.0, {'name': c[0] + ('7f3a90b2' if c[1] == 'prefix' else '')},
                  'patterns')


def from_crawl(rows, program):
    """Labelled by the project's tables; a crawl's time is the earliest that fits its expiry times."""
    rows = list(rows)
    now = crawl_time(rows)
    facts = []
    for r in rows:
        seconds = float(r['expires_epoch'] or -1) - now
        facts.append({'name': r['name'], 'value': r['value'], 'domain': r['domain'], 'site': r['site'],
                      'third_party': r['third_party'], 'session': r['session'],
                      'expiry_s': str(int(seconds)) if seconds > 0 else '',
                      'http_only': r['http_only'], 'secure': r['secure'], 'same_site': r['same_site'],
                      'host_only': '0' if r['domain'].startswith('.') else '1'})
    for f, answer in zip(facts, program.classify(facts, ['--weights', '-'])):
        if answer['layer'] in ('table', 'setter') and answer['purpose'] in CLASSES:
            yield Row(answer['purpose'], 0.5, f, 'crawl')


def crawl_time(rows):
    ends = sorted(float(r['expires_epoch'] or -1) for r in rows)
    longest = [e for e in ends if e > 0]
    # No cookie lives longer than 400 days, and the longest that are asked for do live so long.
    return longest[int(len(longest) * 0.995)] - 400 * 86400 if longest else 0


def read_source(path, program):
    text = open(path, encoding='utf-8', errors='replace', newline='').read()
    if path.endswith('.tsv'):
        return list(from_patterns(text))
    rows = csv.DictReader(io.StringIO(text))
    columns = set(rows.fieldnames or [])
    if 'Cookie / Data Key name' in columns:
        return list(from_list(rows))
    if {'name', 'service', 'type'} <= columns:
        return list(from_services(rows))
    if 'expires_epoch' in columns:
        return list(with_bare(from_crawl(rows, program)))
    if 'name' in columns and columns & {'consensus', 'label'}:
        return list(with_bare(from_labelled(rows)))
    sys.exit(path + ': none of the kinds of source this script knows; see its head')


class Program:
    def __init__(self, path):
        self.path = path

    def run(self, facts, arguments):
        text = io.StringIO()
        out = csv.DictWriter(text, COLUMNS, extrasaction='ignore', restval='')
        out.writeheader()
        for f in facts:
            out.writerow({k: v for k, v in f.items() if v is not None})
        got = subprocess.run([self.path, 'classify'] + arguments, input=text.getvalue().encode(),
                             stdout=subprocess.PIPE, check=True).stdout.decode('ascii')
        answers = [json.loads(line) for line in got.splitlines()]
        if len(answers) != len(facts):
            sys.exit('crumbgate classify answered %d of %d cookies' % (len(answers), len(facts)))
        return answers

    def classify(self, facts, arguments=()):
        return self.run(facts, ['--json'] + list(arguments))

    def features(self, facts):
        return [collections.Counter(a['features']) for a in self.run(facts, ['--features'])]


def weigh(rows):
    """A family counts by the root of its size: the common ones more, but not as often as they are."""
    size = collections.Counter()
    for r in rows:
        size[(r.family, r.source)] += r.weight
    return np.array([r.weight / max(size[(r.family, r.source)], 1) ** 0.6 for r in rows])


def choose_features(rows, features, least):
    """Those that occur in at least that many families."""
    families = collections.defaultdict(set)
    for r, f in zip(rows, features):
        for word in f:
            if len(families[word]) < least:
                families[word].add(r.family)
    return sorted(w for w, s in families.items() if len(s) >= least)


def matrix(features, place):
    at, columns, values = [0], [], []
    for f in features:
        for word in sorted(f):
            if word in place:
                columns.append(place[word])
                values.append(f[word])
        at.append(len(columns))
    return csr_matrix((np.array(values, dtype=float), columns, at), shape=(len(features), len(place)))


def fit(rows, features, options):
    """A model, where its words stand in it, and how much each word occurs."""
    place = {w: i for i, w in enumerate(choose_features(rows, features, options.families))}
    model = LogisticRegression(C=options.strength, max_iter=400, tol=1e-4, solver='lbfgs')
    words, weights = matrix(features, place), weigh(rows)
    model.fit(words, [CLASSES.index(r.label) for r in rows], sample_weight=weights)
    return model, place, (words > 0).T @ weights


# ---- the thresholds ----

def kind_of(words):
    """Which of the four thresholds a cookie with these words meets, as threshold_of() in score.c."""
    if 'p:third' in words:
        return 1
    if 'p:first' not in words:
        return 2
    return 0 if 'a:secure' in words or 'a:plain' in words else 3


def tracking_guessed(rows, features, options):
    """For each row the probability of tracking, by a model that does not know its family."""
    guessed = np.zeros(len(rows))
    parts = np.array([part_of('inner ' + r.family) % INNER_PARTS for r in rows])
    for part in range(INNER_PARTS):
        learn, test = np.flatnonzero(parts != part), np.flatnonzero(parts == part)
        model, place, _ = fit([rows[i] for i in learn], [features[i] for i in learn], options)
        guessed[test] = model.predict_proba(matrix([features[i] for i in test], place))[:, 2:4].sum(1)
    return guessed


def cheapest(guessed, labels, weights, cost):
    """From which probability on removing costs least: a tracker kept 1, an essential one removed `cost`."""
    tracking = np.isin(labels, TRACKING)
    broken = weights * cost * np.where(tracking, 0, np.where(labels == 'functional', 0.5, 1))
    missed = weights * tracking
    losses = [missed[guessed < t / 1000].sum() + broken[guessed >= t / 1000].sum() for t in THRESHOLDS]
    return THRESHOLDS[int(np.argmin(losses))]


def thresholds(rows, features, options):
    """Learned from the rows that reach the score; each name of a kind counts once."""
    guessed = tracking_guessed(rows, features, options)
    kinds = np.array([kind_of(f) if r.open else -1 for r, f in zip(rows, features)])
    labels = np.array([r.label for r in rows])
    found = []
    for kind, cost in enumerate(options.cost):
        some = np.flatnonzero(kinds == kind)
        tracking = np.isin(labels[some], TRACKING).sum()
        if min(tracking, len(some) - tracking) < 40:
            found.append(USUAL[kind])
            continue
        size = collections.Counter(rows[i].facts['name'] for i in some)
        weights = np.array([1 / size[rows[i].facts['name']] for i in some])
        found.append(cheapest(guessed[some], labels[some], weights, cost))
    return found + USUAL[len(found):]


def train(rows, features, options):
    model, place, occurs = fit(rows, features, options)
    words = sorted(place, key=place.get)
    scaled = np.rint(model.coef_ * 100).astype(int)
    bias = np.rint(model.intercept_ * 100).astype(int)
    reach = np.abs(scaled).max(axis=0)
    # What a word can change, and how often it does.
    counts = reach * np.sqrt(occurs)
    order = sorted(range(len(words)), key=lambda i: (-counts[i], words[i]))[:options.rows]
    kept = sorted(words[i] for i in order if reach[i] >= options.least)
    lines = ['feature\t' + '\t'.join(CLASSES),
             'threshold\t%d\t%d\t%d\t%d\t0' % tuple(thresholds(rows, features, options)),
             'bias\t' + '\t'.join(str(b) for b in bias)]
    for w in kept:
        lines.append(w + '\t' + '\t'.join(str(v) for v in scaled[:, place[w]]))
    return '\n'.join(lines) + '\n'


def head(rows):
    count = collections.Counter(r.source for r in rows)
    return ('# crumbgate\'s learned score: what each word of a cookie\'s facts adds for each purpose, in\n'
            '# hundredths of a natural logarithm.  Made by data/train_score.py: do not edit.\n'
            '# filters/score.h explains the rows, filters/score_features.h the words.\n'
            '# Learned from: ' + ', '.join('%d rows of %s' % (n, s) for s, n in sorted(count.items()))
            + '.\n')


# ---- trying it ----

class Tally:
    def __init__(self):
        self.rows = self.right = self.side = 0
        self.tracking = self.removed = self.needed = self.broken = 0
        self.layers = collections.Counter()
        self.wrong = []

    def add(self, row, answer, weight=1):
        want, got = row.label, answer['purpose']
        got = 'essential' if got == 'choice' else got
        want = 'essential' if want == 'choice' else want
        self.rows += weight
        self.right += weight * (want == got)
        self.side += weight * ((want == 'essential') == (got == 'essential'))
        self.layers[answer['layer']] += 1
        if want in TRACKING:
            self.tracking += weight
            self.removed += weight * (got in TRACKING)
        if want == 'essential':
            self.needed += weight
            self.broken += weight * (got in TRACKING)
        if want != got:
            self.wrong.append((row.facts['name'], want, got, answer['why']))

    def show(self, what):
        def share(a, b):
            return '%5.1f %%' % (100 * a / b) if b else '    -'
        print('%-44s %5.0f rows: right %s, essential/other %s, tracking removed %s, essential removed '
              '%s' % (what, self.rows, share(self.right, self.rows), share(self.side, self.rows),
                      share(self.removed, self.tracking), share(self.broken, self.needed)))


def part_of(name):
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % PARTS


def judged(rows):
    return [r for r in rows if r.source == 'labelled' and r.tier in ('A', 'B', '') and not r.copy]


def masked_table(path, part, out):
    with open(out, 'w', encoding='ascii') as f:
        for line in open(path, encoding='ascii'):
            pattern = line.split('\t')[0]
            if not line.startswith(('#', 'pattern\t')) and '\t' in line and \
                    part_of(family(pattern.replace('*', ''))) == part:
                line = '#\n'
            f.write(line)


def show_tallies(title, pairs):
    for tier in ('A', 'B'):
        rows, families = Tally(), Tally()
        some = [(r, a) for r, a in pairs if r.tier == tier]
        size = collections.Counter(r.facts['name'] for r, _ in some)
        for r, a in some:
            rows.add(r, a)
            families.add(r, a, 1 / size[r.facts['name']])
        if some:
            rows.show('%s, tier %s' % (title, tier))
            families.show('%s, tier %s, each name once' % (title, tier))
            yield tier, families


def try_parts(rows, features, options, program):
    seen, blind = [], []
    with tempfile.TemporaryDirectory() as folder:
        weights, table = folder + '/score.tsv', folder + '/cookies.tsv'
        for part in range(PARTS):
            learn = [i for i, r in enumerate(rows) if part_of(r.family) != part]
            test = [r for r in judged(rows) if part_of(r.family) == part]
            open(weights, 'w').write(train([rows[i] for i in learn], [features[i] for i in learn],
                                           options))
            masked_table(options.table, part, table)
            facts = [r.facts for r in test]
            seen += zip(test, program.classify(facts, ['--weights', weights]))
            blind += zip(test, program.classify(facts, ['--weights', weights, '--cookies', table]))
    for title, pairs in (('table, score without the family', seen),
                         ('neither table nor score knows the family', blind)):
        for tier, tally in show_tallies(title, pairs):
            if options.wrong:
                print('   ', dict(tally.layers))
                for w in tally.wrong:
                    print('    %s: %s, said %s (%s)' % w)


def main():
    p = argparse.ArgumentParser(description='learns data/score.tsv; see the head of this file')
    p.add_argument('--crumbgate', required=True, help='the program, built')
    p.add_argument('--table', default=HERE + '/cookies.tsv')
    p.add_argument('--write', help='where the weights go; else they are only tried')
    p.add_argument('--families', type=int, default=2, help='in how many a word must occur')
    p.add_argument('--strength', type=float, default=0.5, help='the less, the more regular')
    p.add_argument('--cost', type=float, nargs=3, default=[5, 0.5, 1.5],
                   help='of an essential cookie removed, beside 1 for a tracker kept: set by the first '
                        'party, by a third, by somebody not known')
    p.add_argument('--least', type=int, default=4, help='smaller weights are left out, in 1/100')
    p.add_argument('--rows', type=int, default=8500, help='words in the table at most')
    p.add_argument('--no-trial', action='store_true', help='do not cross-validate')
    p.add_argument('--wrong', action='store_true', help='print what was judged wrong')
    p.add_argument('source', nargs='*')
    options = p.parse_args()
    program = Program(options.crumbgate)
    rows = list(with_bare(from_table(options.table)))
    for path in options.source:
        rows += read_source(path, program)
    facts = [r.facts for r in rows]
    features = program.features(facts)
    for r, answer in zip(rows, program.classify(facts, ['--weights', '-', '--cookies', '-'])):
        r.open = answer['layer'] == 'none'
    print('%d rows of %d families' % (len(rows), len({r.family for r in rows})))
    if not options.no_trial:
        try_parts(rows, features, options, program)
    if options.write:
        text = head(rows) + train(rows, features, options)
        open(options.write, 'w').write(text)
        print('%s: %d rows, %d bytes' % (options.write, text.count('\n'), len(text)))


if __name__ == '__main__':
    main()
