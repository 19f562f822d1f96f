/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/notify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/auto.h"
#include "base/sock.h"
#include "codec/json.h"

static json_t *describe(const struct bt_oci_spec *spec, const char *id, const char *bundle,
			pid_t pid, pid_t init, const char *status)
{
	const char *metadata = spec->linux_.seccomp.listener_metadata;
	json_t *annotations = json_object();

	for (size_t i = 0; i < spec->annotations.n && annotations != NULL; i++) {
		if (json_object_set_new(annotations, spec->annotations.v[i].key,
					json_string(spec->annotations.v[i].value)) < 0)
			break;
	}
	return json_pack("{s:s, s:[s], s:i, s:s, s:{s:s, s:s, s:s, s:i, s:s, s:o}}", "ociVersion",
			 "1.3.0", "fds", "seccompFd", "pid", (int)pid, "metadata",
			 metadata != NULL ? metadata : "", "state", "ociVersion", "1.3.0", "id", id,
			 "status", status, "pid", (int)init, "bundle", bundle != NULL ? bundle : "",
			 "annotations", annotations);
}

int bt_notify_send(const struct bt_oci_spec *spec, const char *id, const char *bundle, pid_t pid,
		   pid_t init, const char *status, int listener, struct bt_err *err)
{
	const char *path = spec->linux_.seccomp.listener_path;
	json_auto_t *json = describe(spec, id, bundle, pid, init, status);
	bt_auto_free char *text = NULL;
	bt_auto_close int sock = -EBADF;
	int r;

	if (json == NULL || bt_json_dump(json, &text, NULL) < 0)
		return bt_err_sys(err, -ENOMEM, "linux.seccomp.listenerPath");
	sock = bt_sock_connect(path, SOCK_STREAM);
	if (sock < 0)
		return bt_err_sys(err, sock, "linux.seccomp.listenerPath: connect to %s", path);
	r = bt_sock_send(sock, text, strlen(text), &listener, 1);
	return r < 0 ? bt_err_sys(err, r, "linux.seccomp.listenerPath: send to %s", path) : 0;
}
