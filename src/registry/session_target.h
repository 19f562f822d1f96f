/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_REGISTRY_SESSION_TARGET_H
#define BT_REGISTRY_SESSION_TARGET_H

/*
 * What a session is wanted with: a repository, what is to be done there, and by whose settings.
 */

#include <stdbool.h>

#include "registry/credentials.h"
#include "registry/settings.h"

/** Whom to ask. Borrowed but for the call. */
struct bt_session_target {
	const char *domain; /* "docker.io", "localhost:5000" */
	const char *path;   /* "library/alpine"; "" for the registry itself */
	bool push;
	bool no_mirrors;
	bool by_digest; /* no tag has to be resolved */
	bool insecure;  /* whatever the settings say: any certificate will do, or none */
	const struct bt_settings *settings;       /* or NULL */
	const struct bt_credentials *credentials; /* or NULL */
};

#endif
