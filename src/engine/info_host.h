/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_INFO_HOST_H
#define BT_ENGINE_INFO_HOST_H

/*
 * What GET /info says of the machine and of this process, each read from where
 * the kernel tells it, when it is asked.
 */

#include <jansson.h>
#include <stdbool.h>

/** What a file system is called whose statfs() type is `magic`: "extfs", "xfs", and "<unknown>" as
 * Docker says; static. */
const char *bt_info_host_fs_name(unsigned long magic);

/** The file system that `path` lies on, by that name; "<unknown>" where it cannot be asked. */
const char *bt_info_host_fs(const char *path);

/** Does the kernel pass IPv4 packets on? */
bool bt_info_host_forwards(void);

/** How many threads this process has. */
int bt_info_host_threads(void);
/** How many open descriptors it has. */
int bt_info_host_fds(void);

/** A value of /etc/os-release by its key, without quotes: new, "" where there is none, NULL without
 * memory. */
char *bt_info_host_os_release(const char *key);

/** A proxy as it may be shown: `url` (borrowed, may be NULL for "") with "xxxxx:xxxxx" where a user
 * and a password stand. A new string. */
json_t *bt_info_host_proxy(const char *url);

#endif
