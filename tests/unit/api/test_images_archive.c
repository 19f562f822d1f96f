/* SPDX-License-Identifier: Apache-2.0 */

#include <poll.h>

#include "handler_fixture.h"

#define LINUX_ARM "{\"os\":\"linux\",\"architecture\":\"arm\"}"

/* An image of no layers. */
static void add_image(const char *name)
{
	bt_auto_free char *config =
		bt_str_format("{\"architecture\":\"amd64\",\"os\":\"linux\",\"author\":\"%s\","
			      "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}",
			      name);
	char id[72];

	ck_well(bt_images_add(engine.images, config, strlen(config), NULL, NULL, name, id, &err),
		&err);
}

/* The whole answer, as a file. */
static int saved(void)
{
	const struct bt_stream *stream = &req->answer.stream;
	bt_auto_str struct bt_str text = { 0 };
	char buf[4096];
	ssize_t n;
	int fd;

	ck_assert_str_eq(req->answer.type, "application/x-tar");
	ck_assert_ptr_nonnull(stream->ops);
	while ((n = stream->ops->read(stream->arg, buf, sizeof(buf))) != 0) {
		struct pollfd p = { .fd = stream->ops->fd(stream->arg), .events = POLLIN };

		ck_assert(n > 0 || n == -EAGAIN);
		if (n > 0)
			bt_str_add(&text, buf, (size_t)n);
		else
			ck_assert_int_ge(poll(&p, 1, -1), 0);
	}
	fd = bt_io_memfd("saved", text.p, text.len);
	ck_assert_int_ge(fd, 0);
	return fd;
}

START_TEST(what_was_saved_is_loaded_again)
{
	static const char *const targets[] = { "/images/get?names=x&names=y",
					       "/images/get?names=x,,y" };

	for (size_t i = 0; i < LENGTH(targets); i++) {
		bt_auto_close int fd = -EBADF;

		add_image("x");
		add_image("y");
		check_answers(200, NULL, "GET", targets[i], NULL);
		fd = saved();
		check_answers(200, NULL, "DELETE", "/images/x", NULL);
		check_answers(200, NULL, "DELETE", "/images/y", NULL);
		body_fd = fd;
		check_answers(200, NULL, "POST", "/images/load", NULL);
		body_fd = -EBADF;
		ck_assert_ptr_nonnull(strstr(req->answer.text, "Loaded image: x:latest"));
		ck_assert_ptr_nonnull(strstr(req->answer.text, "Loaded image: y:latest"));
		check_answers(200, NULL, "GET", "/images/y/json", NULL);
	}
}
END_TEST

START_TEST(one_can_be_saved_by_its_path)
{
	bt_auto_close int fd = -EBADF;

	add_image("a/b/x");
	check_answers(200, NULL, "GET", "/images/a/b/x/get", NULL);
	fd = saved();
	ck_assert_int_gt(lseek(fd, 0, SEEK_END), 1024);
}
END_TEST

START_TEST(what_is_not_here_is_named_before_anything_is_sent)
{
	add_image("x");
	check_answers(400, "no image to save was named", "GET", "/images/get", NULL);
	check_answers(400, "no image to save was named", "GET", "/images/get?names=", NULL);
	check_answers(400, "no image to save was named", "GET", "/images/get?names=,,", NULL);
	check_answers(404, "No such image", "GET", "/images/get?names=x&names=nobody", NULL);
	check_answers(404, "no suitable export target found for platform linux/arm", "GET",
		      "/images/get?names=x&platform=" LINUX_ARM, NULL);
	check_answers(400, "", "GET", "/images/get?names=x&platform=arm", NULL);
}
END_TEST

START_TEST(what_is_no_archive_loads_nothing)
{
	bt_auto_close int fd = -EBADF;
	char text[2048];

	(void)memset(text, 'x', sizeof(text));
	body_fd = fd = bt_io_memfd("garbage", text, sizeof(text));
	check_answers(400, "invalid archive", "POST", "/images/load", NULL);
	check_answers(400, "", "POST", "/images/load?platform=arm", NULL);
	body_fd = -EBADF;
	ck_assert_int_eq(bt_images_count(engine.images), 0);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, what_was_saved_is_loaded_again);
	tcase_add_test(tests, one_can_be_saved_by_its_path);
	tcase_add_test(tests, what_is_not_here_is_named_before_anything_is_sent);
	tcase_add_test(tests, what_is_no_archive_loads_nothing);
}

int main(void)
{
	return run_handlers("api/images_archive", add);
}
