#include "proxy/sandbox.h"

#include "base/diag.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- Landlock ---- */

#define READ_RIGHTS (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
/* What the first version of Landlock (Linux 5.13) knows. */
#define FIRST_RIGHTS ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)
/* Since its third version (Linux 6.2); Debian 12's headers do not name it. */
#define TRUNCATE_RIGHT (1ULL << 14)

static unsigned long long all_rights(void)
{
	long version =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return version >= 3 ? FIRST_RIGHTS | TRUNCATE_RIGHT : FIRST_RIGHTS;
}

static bool allow_below(int ruleset, const char *path, unsigned long long rights)
{
	int fd = open(path, O_PATH | O_CLOEXEC);
	struct landlock_path_beneath_attr rule = { .allowed_access = rights, .parent_fd = fd };
	bool good;

	if (fd < 0)
		return errno == ENOENT;
	good = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
	close(fd);
	return good;
}

static bool allow_paths(int ruleset, enum sandbox_kind kind, const char *state)
{
	switch (kind) {
	case SANDBOX_KEEPER:
	case SANDBOX_LISTS:
		return true;
	case SANDBOX_RECORDER:
		return allow_below(ruleset, state,
				   all_rights() &
					   ~(unsigned long long)LANDLOCK_ACCESS_FS_EXECUTE) &&
		       allow_below(ruleset, "/dev/urandom", LANDLOCK_ACCESS_FS_READ_FILE);
	case SANDBOX_WORKER:
		/* resolv.conf may be a link into /run. */
		return allow_below(ruleset, "/etc", READ_RIGHTS) &&
		       allow_below(ruleset, "/run/systemd/resolve", READ_RIGHTS) &&
		       allow_below(ruleset, "/dev/urandom", LANDLOCK_ACCESS_FS_READ_FILE);
	}
	return false;
}

static bool enter_landlock(enum sandbox_kind kind, const char *state)
{
	struct landlock_ruleset_attr attr = { .handled_access_fs = all_rights() };
	int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	bool good;

	if (ruleset < 0 && (errno == ENOSYS || errno == EOPNOTSUPP)) {
		if (kind == SANDBOX_RECORDER) /* once is enough */
			diag_warning("this kernel has no Landlock: files are protected by their "
				     "modes only");
		return true;
	}
	if (ruleset < 0)
		return false;
	good = allow_paths(ruleset, kind, state) &&
	       syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
	close(ruleset);
	return good;
}

/* ---- seccomp ---- */

static const int never_calls[] = {
	SCMP_SYS(execve),
	SCMP_SYS(execveat),
	SCMP_SYS(fork),
	SCMP_SYS(clone),
	SCMP_SYS(clone3),
	SCMP_SYS(kill),
	SCMP_SYS(tkill),
	SCMP_SYS(pidfd_send_signal),
	SCMP_SYS(rt_sigqueueinfo),
	SCMP_SYS(vfork),
	SCMP_SYS(ptrace),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(mount),
	SCMP_SYS(umount2),
	SCMP_SYS(pivot_root),
	SCMP_SYS(chroot),
	SCMP_SYS(unshare),
	SCMP_SYS(setns),
	SCMP_SYS(bpf),
	SCMP_SYS(init_module),
	SCMP_SYS(finit_module),
	SCMP_SYS(delete_module),
	SCMP_SYS(kexec_load),
	SCMP_SYS(kexec_file_load),
	SCMP_SYS(reboot),
	SCMP_SYS(swapon),
	SCMP_SYS(swapoff),
	SCMP_SYS(keyctl),
	SCMP_SYS(add_key),
	SCMP_SYS(request_key),
	SCMP_SYS(userfaultfd),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(io_uring_setup),
	SCMP_SYS(io_uring_enter),
	SCMP_SYS(io_uring_register),
	SCMP_SYS(setuid),
	SCMP_SYS(setgid),
	SCMP_SYS(setresuid),
	SCMP_SYS(setresgid),
	SCMP_SYS(setgroups),
	SCMP_SYS(open_by_handle_at),
	SCMP_SYS(acct),
	SCMP_SYS(settimeofday),
	SCMP_SYS(clock_settime),
	SCMP_SYS(pidfd_getfd),
	SCMP_SYS(personality),
};

static const int socket_calls[] = {
	SCMP_SYS(socket), SCMP_SYS(connect), SCMP_SYS(bind),   SCMP_SYS(listen),
	SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(sendto),
};

/* Only the recorder has files of its own to shorten or to change the mode of. */
static const int file_calls[] = {
	SCMP_SYS(truncate), SCMP_SYS(ftruncate), SCMP_SYS(chmod),    SCMP_SYS(fchmod),
	SCMP_SYS(fchmodat), SCMP_SYS(chown),	 SCMP_SYS(fchown),   SCMP_SYS(fchownat),
	SCMP_SYS(lchown),   SCMP_SYS(rename),	 SCMP_SYS(renameat), SCMP_SYS(renameat2),
	SCMP_SYS(unlink),   SCMP_SYS(unlinkat),	 SCMP_SYS(link),     SCMP_SYS(linkat),
	SCMP_SYS(symlink),  SCMP_SYS(symlinkat), SCMP_SYS(mkdir),    SCMP_SYS(mkdirat),
};

static bool forbid(scmp_filter_ctx ctx, const int *calls, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), calls[i], 0) < 0)
			return false;
	return true;
}

#define PAIR_TYPE (SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC)

/* A worker speaks IP and nothing else: no socket of this machine's services, no control.sock. */
static bool forbid_local_sockets(scmp_filter_ctx ctx)
{
	static const int families[] = { AF_UNIX, AF_NETLINK, AF_PACKET, AF_VSOCK };

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1,
				     SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i], 0)) < 0)
			return false;
	/*
	 * A pair of streams leads nowhere (stream_pair()); one of datagrams could be connected
	 * elsewhere.
	 */
	return seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socketpair), 1,
				SCMP_A0(SCMP_CMP_NE, AF_UNIX, 0)) == 0 &&
	       seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socketpair), 1,
				SCMP_A1(SCMP_CMP_NE, PAIR_TYPE, 0)) == 0;
}

/* abort() signals its own process, which may stay. */
static bool forbid_signals(scmp_filter_ctx ctx)
{
	return seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(tgkill), 1,
				SCMP_A0(SCMP_CMP_NE, (scmp_datum_t)getpid(), 0)) == 0;
}

static bool enter_seccomp(enum sandbox_kind kind)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	bool good;

	if (ctx == NULL)
		return false;
	good = forbid(ctx, never_calls, sizeof(never_calls) / sizeof(never_calls[0])) &&
	       forbid_signals(ctx) &&
	       (kind == SANDBOX_WORKER ? forbid_local_sockets(ctx)
				       : forbid(ctx, socket_calls,
						sizeof(socket_calls) / sizeof(socket_calls[0]))) &&
	       (kind == SANDBOX_RECORDER ||
		forbid(ctx, file_calls, sizeof(file_calls) / sizeof(file_calls[0]))) &&
	       seccomp_load(ctx) == 0;
	seccomp_release(ctx);
	return good;
}

bool sandbox_enter(enum sandbox_kind kind, const char *state)
{
	if (!enter_landlock(kind, state)) {
		diag_error("the file system cannot be restricted: %s", strerror(errno));
		return false;
	}
	if (!enter_seccomp(kind)) {
		diag_error("system calls cannot be restricted: %s", strerror(errno));
		return false;
	}
	return true;
}
