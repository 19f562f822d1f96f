/* SPDX-License-Identifier: Apache-2.0 */

#include "net/retire.h"

#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/thread.h"

/* The kernel puts the first number there that is free. */
#define GONE_NAME  "berth-gone%d"
#define STACK_SIZE (128u << 10)

struct bt_retire {
	pthread_mutex_t lock;
	pthread_t thread;
	bool has_thread; /* to be joined */
	bool running;    /* it will look at `wanted` again */
	bool wanted;     /* some are in the group */
};

/* Remove whoever is in the group: many cost what one costs. Nobody is fine. */
static int remove_group(void)
{
	bt_auto_rtnl struct bt_rtnl rtnl = { 0 };
	struct bt_rtnl_batch batch = { 0 };
	struct nlmsghdr *nlh = bt_rtnl_add(&batch, RTM_DELLINK, 0);
	int r = bt_rtnl_open(&rtnl);

	if (r < 0)
		return r;
	(void)mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_u32(nlh, IFLA_GROUP, BT_RETIRE_GROUP);
	bt_rtnl_end(&batch, nlh);
	r = bt_rtnl_run(&rtnl, &batch, NULL);
	return r == -ENODEV ? 0 : r;
}

static void *work(void *arg)
{
	struct bt_retire *retire = arg;

	pthread_mutex_lock(&retire->lock);
	while (retire->wanted) {
		int r;

		retire->wanted = false;
		pthread_mutex_unlock(&retire->lock);
		r = remove_group();
		if (r < 0)
			bt_log_warn("remove interfaces that are not used any more: %s",
				    strerror(-r));
		pthread_mutex_lock(&retire->lock);
	}
	retire->running = false;
	pthread_mutex_unlock(&retire->lock);
	return NULL;
}

/* Have the group removed, by a thread that ends when it has nothing to do: most daemons remove
 * networks seldom. Where there can be none, it is done here. */
static void wake(struct bt_retire *retire)
{
	int r = 0;

	pthread_mutex_lock(&retire->lock);
	retire->wanted = true;
	if (!retire->running) {
		/* It is past its last look, and gone in a moment. */
		if (retire->has_thread)
			pthread_join(retire->thread, NULL);
		r = bt_thread_start(&retire->thread, STACK_SIZE, work, retire);
		retire->has_thread = retire->running = r == 0;
	}
	pthread_mutex_unlock(&retire->lock);
	if (r < 0)
		(void)remove_group();
}

int bt_retire_open(struct bt_retire **ret, struct bt_err *err)
{
	struct bt_retire *retire = calloc(1, sizeof(*retire));

	if (!retire)
		return bt_err_sys(err, -ENOMEM, "prepare for interfaces that go");
	pthread_mutex_init(&retire->lock, NULL);
	wake(retire);
	*ret = retire;
	return 0;
}

void bt_retire_close(struct bt_retire *retire)
{
	if (!retire)
		return;
	if (retire->has_thread)
		pthread_join(retire->thread, NULL);
	pthread_mutex_destroy(&retire->lock);
	free(retire);
}

struct addresses {
	struct bt_rtnl_batch *batch;
	int index;
};

/* One that has no room in the batch goes with the interface. */
static int put_address(const struct nlmsghdr *nlh, void *arg)
{
	struct addresses *a = arg;
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *local = bt_rtnl_attr(nlh, sizeof(*ifa), IFA_LOCAL);
	struct ifaddrmsg *head;
	struct nlmsghdr *del;

	/* Those of IPv6 go when it is taken down. */
	if ((int)ifa->ifa_index != a->index || ifa->ifa_family != AF_INET || !local)
		return 0;
	del = bt_rtnl_add(a->batch, RTM_DELADDR, 0);
	if (!del)
		return 0;
	head = mnl_nlmsg_put_extra_header(del, sizeof(*head));
	*head = *ifa;
	mnl_attr_put(del, IFA_LOCAL, mnl_attr_get_payload_len(local), mnl_attr_get_payload(local));
	bt_rtnl_end(a->batch, del);
	return 0;
}

static struct nlmsghdr *begin(struct bt_rtnl_batch *batch, int index, unsigned change)
{
	struct nlmsghdr *nlh = bt_rtnl_add(batch, RTM_NEWLINK, 0);
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));

	ifi->ifi_index = index;
	ifi->ifi_change = change;
	return nlh;
}

int bt_retire_link(struct bt_retire *retire, struct bt_rtnl *rtnl, int index)
{
	struct bt_rtnl_batch batch = { 0 };
	struct addresses a = { .batch = &batch, .index = index };
	struct nlmsghdr *nlh;
	int r;

	/* Before Linux 6.2 who is up keeps its name. */
	bt_rtnl_end(&batch, begin(&batch, index, IFF_UP));
	nlh = begin(&batch, index, 0);
	mnl_attr_put_strz(nlh, IFLA_IFNAME, GONE_NAME);
	bt_rtnl_end(&batch, nlh);
	r = bt_rtnl_run(rtnl, &batch, NULL);
	if (r < 0)
		return r;
	nlh = begin(&batch, index, 0);
	mnl_attr_put_u32(nlh, IFLA_GROUP, BT_RETIRE_GROUP);
	bt_rtnl_end(&batch, nlh);
	r = bt_rtnl_dump(rtnl, RTM_GETADDR, AF_INET, put_address, &a);
	if (r == 0)
		r = bt_rtnl_run(rtnl, &batch, NULL);
	if (r == 0)
		wake(retire);
	return r;
}
