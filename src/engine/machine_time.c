/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/machine_time.h"

#include <ctype.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/lock.h"
#include "base/str.h"
#include "base/time.h"

#define TEXT_MAX (1u << 20)
#define TICK_NS  10000000

/* Guest time, the last two columns, is in user time already. */
#define STATES 8

static uint64_t sum_states(const char *line)
{
	unsigned long long v[STATES] = { 0 };
	uint64_t sum = 0;

	if (sscanf(line, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &v[0], &v[1], &v[2], &v[3],
		   &v[4], &v[5], &v[6], &v[7]) < 4)
		return 0;
	for (int i = 0; i < STATES; i++)
		sum += v[i];
	return sum;
}

struct bt_machine_time bt_machine_time_parse(const char *text, long ticks)
{
	struct bt_machine_time time = { 0 };

	if (bt_str_after(text, "cpu "))
		time.total_ns = sum_states(text) *
				(uint64_t)(BT_TIME_NSEC_PER_SEC / (ticks > 0 ? ticks : 100));
	for (const char *line = strchr(text, '\n'); line; line = strchr(line + 1, '\n')) {
		const char *number = bt_str_after(line + 1, "cpu");

		if (!number || !isdigit((unsigned char)*number))
			break;
		time.cpus++;
	}
	if (time.cpus == 0)
		time.cpus = 1;
	return time;
}

struct bt_machine_time bt_machine_time_now(void)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static struct bt_machine_time last;
	static int64_t read_ns;
	bt_auto_free char *text = NULL;
	int64_t now = bt_time_monotonic_ns();

	bt_auto_lock(held, &lock);
	if (last.cpus && now - read_ns < TICK_NS)
		return last;
	if (bt_io_read_file(AT_FDCWD, "/proc/stat", TEXT_MAX, &text, NULL) < 0)
		return (struct bt_machine_time){ .cpus = 1 };
	last = bt_machine_time_parse(text, sysconf(_SC_CLK_TCK));
	read_ns = now;
	return last;
}
