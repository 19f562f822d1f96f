/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_LINK_NAME_H
#define BT_ENGINE_LINK_NAME_H

/*
 * Links of old by their names: "web/db" is the container web's link with the
 * alias db. What is stored of one is "name/id:alias": the target is found by its
 * id, whatever it is called by now, and by the name that it had where another
 * one has taken its place. Older rows have "name:alias".
 */

#include "base/attr.h"
#include "base/auto.h"
#include "base/err.h"
#include "engine/container.h"

/** A stored link taken apart. All members are owned. */
struct bt_link_name {
	char *name;  /* of the target, when the link was made */
	char *id;    /* of the target; NULL: not known */
	char *alias; /* the last part, where it has several */
};

/** Take a stored link apart, or one as inspect shows it: "/name:/web/alias". Returns 0 or -ENOMEM.
 */
bt_nodiscard int bt_link_name_split(const char *stored, struct bt_link_name *ret);

/** What is stored of a link: owned, or NULL without memory. */
char *bt_link_name_join(const char *name, const char *id, const char *alias);

/** The container that it leads to, with a reference; NOT_FOUND where there is none. */
bt_nodiscard int bt_link_name_target(struct bt_engine *engine, const struct bt_link_name *link,
				     struct bt_container **ret, struct bt_err *err);

/** Free the members. */
void bt_link_name_done(struct bt_link_name *link);
#define bt_auto_link_name bt_auto(bt_link_name_done)

/** DELETE /containers/web/db?link=1: the container stays, its link goes. NOT_FOUND where there is
 * no such link; INVALID where `name` is no link's. */
bt_nodiscard int bt_link_name_remove(struct bt_engine *engine, const char *name,
				     struct bt_err *err);

#endif
