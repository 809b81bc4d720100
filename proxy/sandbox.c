#include "proxy/sandbox.h"

#include "base/diag.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- Landlock ---- */

#define READ_RIGHTS (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
/* What the first version of Landlock (Linux 5.13) knows, which is what we ask for. */
#define ALL_RIGHTS ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)

static bool allow_below(int ruleset, const char *path, unsigned long long rights)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = rights };
	bool good;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return errno == ENOENT;
	good = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
	close(rule.parent_fd);
	return good;
}

static bool allow_paths(int ruleset, enum sandbox_kind kind, const char *state)
{
	switch (kind) {
	case SANDBOX_KEEPER:
		return true;
	case SANDBOX_RECORDER:
		return allow_below(ruleset, state, ALL_RIGHTS & ~LANDLOCK_ACCESS_FS_EXECUTE) &&
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
	struct landlock_ruleset_attr attr = { .handled_access_fs = ALL_RIGHTS };
	int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	bool good;

	if (ruleset < 0) /* a kernel without it, or where it is switched off */
		return errno == ENOSYS || errno == EOPNOTSUPP;
	good = allow_paths(ruleset, kind, state) &&
	       syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
	close(ruleset);
	return good;
}

/* ---- seccomp ---- */

static const int never_calls[] = {
	SCMP_SYS(execve),	   SCMP_SYS(execveat),	      SCMP_SYS(fork),
	SCMP_SYS(vfork),	   SCMP_SYS(ptrace),	      SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev), SCMP_SYS(mount),	      SCMP_SYS(umount2),
	SCMP_SYS(pivot_root),	   SCMP_SYS(chroot),	      SCMP_SYS(unshare),
	SCMP_SYS(setns),	   SCMP_SYS(bpf),	      SCMP_SYS(init_module),
	SCMP_SYS(finit_module),	   SCMP_SYS(delete_module),   SCMP_SYS(kexec_load),
	SCMP_SYS(kexec_file_load), SCMP_SYS(reboot),	      SCMP_SYS(swapon),
	SCMP_SYS(swapoff),	   SCMP_SYS(keyctl),	      SCMP_SYS(add_key),
	SCMP_SYS(request_key),	   SCMP_SYS(userfaultfd),     SCMP_SYS(perf_event_open),
	SCMP_SYS(io_uring_setup),  SCMP_SYS(io_uring_enter),  SCMP_SYS(io_uring_register),
	SCMP_SYS(setuid),	   SCMP_SYS(setgid),	      SCMP_SYS(setresuid),
	SCMP_SYS(setresgid),	   SCMP_SYS(setgroups),	      SCMP_SYS(open_by_handle_at),
	SCMP_SYS(acct),		   SCMP_SYS(settimeofday),    SCMP_SYS(clock_settime),
	SCMP_SYS(pidfd_getfd),	   SCMP_SYS(personality),
};

static const int socket_calls[] = {
	SCMP_SYS(socket), SCMP_SYS(connect), SCMP_SYS(bind),	SCMP_SYS(listen),
	SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(sendto),
};

static bool forbid(scmp_filter_ctx ctx, const int *calls, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), calls[i], 0) < 0)
			return false;
	return true;
}

static bool enter_seccomp(enum sandbox_kind kind)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	bool good;

	if (ctx == NULL)
		return false;
	good = forbid(ctx, never_calls, sizeof(never_calls) / sizeof(never_calls[0])) &&
	       (kind == SANDBOX_WORKER ||
		forbid(ctx, socket_calls, sizeof(socket_calls) / sizeof(socket_calls[0]))) &&
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
