#!/bin/sh
# lint.sh SRCDIR BUILDDIR CFLAGS... - cppcheck, clang-tidy and shellcheck over the tree; quiet when
# there is nothing to say.  A tool that is not installed is named and left out.
set -u
srcdir=$1
builddir=$(cd -- "$2" && pwd)
shift 2
cd -- "$srcdir" || exit 2
bad=0
jobs=$(nproc 2>/dev/null || echo 1)
# The program's own sources; the unit tests are left to the compilers' warnings and the sanitizers.
sources=$(find base certs cmd data evidence filters proxy -name '*.c' | LC_ALL=C sort)

tool() {
	command -v "$1" >/dev/null 2>&1 || {
		echo "lint: no $1 here, left out" >&2
		return 1
	}
}

if tool cppcheck; then
	# readdir() is safe where each thread reads a folder of its own (POSIX); getpwnam() is called
	# before there is a second thread.
	# shellcheck disable=SC2086
	cppcheck -q -j "$jobs" --std=c11 --library=posix,gnu,openssl,tests/cppcheck.cfg --enable=warning,performance,portability --inline-suppr \
		--error-exitcode=1 --suppress=missingInclude --suppress=unmatchedSuppression \
		--suppress=normalCheckLevelMaxBranches --suppress=getpwnamCalled --suppress=readdirCalled \
		-I . $sources || bad=1
fi
if tool clang-tidy; then
	# One file a run: clang-tidy 14 carries its va_list findings over from one file to the next.
	# Findings that run through a macro of uthash or <sys/queue.h> are dropped: the analyzer does
	# not know that a list never holds an entry that was deleted from it; AddressSanitizer watches that.
	# shellcheck disable=SC2016,SC2086
	printf '%s\n' $sources | LINT_FLAGS="-std=c17 -I. -I$builddir -include config.h $*" \
		xargs -n 1 -P "$jobs" sh -c 'clang-tidy --quiet "$@" -- $LINT_FLAGS 2>/dev/null' sh |
		awk '
			/^[^ ]+:[0-9]+:[0-9]+: (error|warning):/ { flush() }
			{ block = block $0 "\n" }
			function flush() {
				if (block != "" && block !~ /uthash\.h|sys\/queue\.h/) {
					printf "%s", block
					bad = 1
				}
				block = ""
			}
			END { flush(); exit bad }
		' || bad=1
fi
if tool shellcheck; then
	# shellcheck disable=SC2046
	shellcheck -S warning bootstrap .ci/run $(find tests -name node_modules -prune -o -name '*.sh' -print) || bad=1
fi
exit $bad
