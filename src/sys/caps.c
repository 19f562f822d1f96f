/* SPDX-License-Identifier: Apache-2.0 */

#include "sys/caps.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Sets are 64 bits wide in the kernel; PR_CAPBSET_READ fails past the last known. */
#define CAPS_MAX 64

/* It only ever shrinks, and only by bt_caps_limit_bounding(): read once, by the spawner for all
 * monitors. Threads that read it at the same time write the same. 0: not read. */
static _Atomic uint64_t known_bounding;

uint64_t bt_caps_bounding(void)
{
	uint64_t set = atomic_load_explicit(&known_bounding, memory_order_relaxed);

	if (set != 0)
		return set;
	for (unsigned cap = 0; cap < CAPS_MAX; cap++) {
		int r = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);

		if (r < 0)
			break;
		if (r > 0)
			set |= UINT64_C(1) << cap;
	}
	atomic_store_explicit(&known_bounding, set, memory_order_relaxed);
	return set;
}

int bt_caps_limit_bounding(uint64_t keep)
{
	atomic_store_explicit(&known_bounding, 0, memory_order_relaxed);
	for (unsigned cap = 0; cap < CAPS_MAX; cap++) {
		if ((keep & (UINT64_C(1) << cap)) != 0)
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0)
			continue;
		/* One that is not known is the end. */
		if (errno == EINVAL && cap > 0)
			return 0;
		/* Without CAP_SETPCAP not even what is missing already can be dropped. */
		if (errno != EPERM || prctl(PR_CAPBSET_READ, cap, 0, 0, 0) != 0)
			return -EPERM;
	}
	return 0;
}

int bt_caps_set(uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	for (unsigned i = 0; i < 2; i++) {
		data[i].effective = (uint32_t)(effective >> (32 * i));
		data[i].permitted = (uint32_t)(permitted >> (32 * i));
		data[i].inheritable = (uint32_t)(inheritable >> (32 * i));
	}
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

int bt_caps_set_ambient(uint64_t ambient)
{
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return errno == EINVAL && ambient == 0 ? 0 : -errno;
	for (unsigned cap = 0; cap < CAPS_MAX; cap++) {
		if ((ambient & (UINT64_C(1) << cap)) != 0 &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return -errno;
	}
	return 0;
}
