/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_BASE_LIST_H
#define BT_BASE_LIST_H

/*
 * A doubly linked list whose links live inside the listed objects. The head is
 * a link too; an empty list points at itself. The list owns nothing.
 */

#include <stdbool.h>
#include <stddef.h>

struct bt_list {
	struct bt_list *prev, *next;
};

/** Make `head` an empty list, or an object's link one that is in no list. */
static inline void bt_list_init(struct bt_list *head)
{
	head->prev = head->next = head;
}

/** Is nothing in the list, or the link in no list? */
static inline bool bt_list_empty(const struct bt_list *head)
{
	return head->next == head;
}

/** Put `link`, which is in no list, at the end of the list. */
static inline void bt_list_append(struct bt_list *head, struct bt_list *link)
{
	link->prev = head->prev;
	link->next = head;
	head->prev->next = link;
	head->prev = link;
}

/** Take `link` out of whatever list it is in; afterwards it is in none. */
static inline void bt_list_remove(struct bt_list *link)
{
	link->prev->next = link->next;
	link->next->prev = link->prev;
	bt_list_init(link);
}

/** The object of `type` whose member `field` is the link at `ptr`. */
#define bt_list_entry(ptr, type, field) ((type *)(void *)((char *)(ptr)-offsetof(type, field)))

/** Visit each link; the one visited may be removed in the body. */
#define bt_list_foreach(it, head)                                                     \
	for (struct bt_list *it = (head)->next, *it##_next_ = it->next; it != (head); \
	     it = it##_next_, it##_next_ = it->next)

#endif
