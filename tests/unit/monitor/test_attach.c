/* SPDX-License-Identifier: Apache-2.0 */

#include "monitor/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../suite.h"
#include "base/auto.h"

/* More than all sources of a test together: each that is ready has had its turn. */
#define TURNS 200

static struct bt_loop loop;
static struct bt_stdio stdio;
static int idle, detached;
static int input[2] = { -EBADF, -EBADF }; /* the process's end, and ours as far as it is open */

static void on_idle(struct bt_stdio *s)
{
	(void)s;
	idle++;
}

static void on_detached(struct bt_stdio *s)
{
	(void)s;
	detached++;
}

static void on_ended(struct bt_stdio *s)
{
	(void)s;
}

static const struct bt_stdio_events events = { .ended = on_ended,
					       .idle = on_idle,
					       .detached = on_detached };

static void setup(void)
{
	ck_assert_int_eq(bt_loop_init(&loop), 0);
	bt_stdio_init(&stdio, &loop, &events);
}

static void teardown(void)
{
	bt_stdio_done(&stdio);
	bt_close(&input[0]);
	bt_close(&loop.fd);
}

/* The process takes input, of which so much fits into its pipe. */
static void open_input(void)
{
	ck_assert_int_eq(pipe2(input, O_CLOEXEC | O_NONBLOCK), 0);
	stdio.in.fd = bt_take_fd(&input[1]);
}

static void begin(void)
{
	ck_assert_int_eq(bt_stdio_begin(&stdio), 0);
}

/* Attach a client. Returns what bt_attach_create() does; `*ret` is the client's own end. */
static int try_attach(const struct bt_spawn_client *how, struct bt_str *first, int *ret)
{
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	*ret = pair[0];
	return bt_attach_create(&stdio, pair[1], how, first);
}

static int attach(const struct bt_spawn_client *how)
{
	int own;

	ck_assert_int_eq(try_attach(how, NULL, &own), 0);
	return own;
}

static struct bt_attach *last_attached(void)
{
	return bt_list_entry(stdio.clients.prev, struct bt_attach, link);
}

struct turns {
	struct bt_loop_source source;
	int left;
};

static void on_turn(struct bt_loop_source *source, uint32_t ready)
{
	struct turns *turns = bt_list_entry(source, struct turns, source);

	(void)ready;
	if (--turns->left == 0)
		loop.stop = true;
}

/* Whatever is ready is dealt with. */
static void spin(void)
{
	bt_auto_close int event = eventfd(1, EFD_CLOEXEC);
	struct turns turns = { .left = TURNS };

	ck_assert_int_eq(bt_loop_add(&loop, &turns.source, event, EPOLLIN, on_turn), 0);
	loop.stop = false;
	ck_assert_int_eq(bt_loop_run(&loop), 0);
	bt_loop_remove(&loop, &turns.source);
}

static void say(enum bt_log_stream stream, const char *text)
{
	bt_list_foreach (it, &stdio.clients)
		bt_attach_output(bt_list_entry(it, struct bt_attach, link), stream, text,
				 strlen(text));
}

/* What there is to read now: how much, and the bytes until the next call. */
static size_t got(int own, const char **ret)
{
	static char buf[1u << 16];
	ssize_t n = recv(own, buf, sizeof(buf) - 1, MSG_DONTWAIT);

	buf[n > 0 ? n : 0] = '\0';
	*ret = buf;
	return n > 0 ? (size_t)n : 0;
}

#define check_got(own, text)                  \
	do {                                  \
		const char *got_;             \
                                              \
		(void)got(own, &got_);        \
		ck_assert_str_eq(got_, text); \
	} while (0)

static bool has_end(int own)
{
	char byte;

	return recv(own, &byte, 1, MSG_DONTWAIT) == 0;
}

/* What the process has been given. */
static const char *taken(void)
{
	static char buf[4096];
	ssize_t n = read(input[0], buf, sizeof(buf) - 1);

	buf[n > 0 ? n : 0] = '\0';
	return buf;
}

static bool input_has_ended(void)
{
	char byte;

	return read(input[0], &byte, 1) == 0;
}

static const struct bt_spawn_client outputs = { .out = true, .err = true };
static const struct bt_spawn_client everything = { .in = true, .out = true, .err = true };

/* ---- output ------------------------------------------------------------------------ */

START_TEST(each_client_gets_the_streams_that_it_asked_for_in_the_form_it_asked_for)
{
	static const struct bt_spawn_client hows[] = {
		{ .out = true, .err = true },
		{ .out = true },
		{ .err = true },
		{ .in = true },
		{ .out = true, .err = true, .mux = true },
	};
	static const char framed[] = "\x01\0\0\0\0\0\0\x03out\x02\0\0\0\0\0\0\x05"
				     "error";
	int own[LENGTH(hows)];
	const char *bytes;

	for (size_t i = 0; i < LENGTH(hows); i++)
		own[i] = attach(&hows[i]);
	begin();
	say(BT_LOG_STDOUT, "out");
	say(BT_LOG_STDERR, "error");
	check_got(own[0], "outerror");
	check_got(own[1], "out");
	check_got(own[2], "error");
	check_got(own[3], "");
	ck_assert_uint_eq(got(own[4], &bytes), sizeof(framed) - 1);
	ck_assert_mem_eq(bytes, framed, sizeof(framed) - 1);
	for (size_t i = 0; i < LENGTH(hows); i++)
		bt_close(&own[i]);
}
END_TEST

START_TEST(there_are_no_frames_where_there_is_a_terminal)
{
	const struct bt_spawn_client how = { .out = true, .mux = true };
	bt_auto_close int own = -EBADF;

	stdio.tty = true;
	own = attach(&how);
	begin();
	say(BT_LOG_STDOUT, "out");
	check_got(own, "out");
}
END_TEST

START_TEST(what_was_said_before_comes_first_and_is_taken_over)
{
	struct bt_str first = { 0 };
	bt_auto_close int own = -EBADF;

	bt_str_puts(&first, "before ");
	ck_assert_int_eq(try_attach(&outputs, &first, &own), 0);
	ck_assert_ptr_null(first.p);
	begin();
	say(BT_LOG_STDOUT, "after");
	spin();
	check_got(own, "before after");
}
END_TEST

START_TEST(what_a_client_does_not_read_waits_and_comes_whole_and_in_order)
{
	static char block[4096];
	bt_auto_close int own = attach(&outputs);
	size_t said = 0, heard = 0;

	begin();
	for (; !bt_attach_is_full(last_attached()); said++) {
		(void)memset(block, (int)('a' + said % 26), sizeof(block) - 1);
		say(BT_LOG_STDOUT, block);
	}
	/* The process waits then, but not for ever: no more is kept than this. */
	ck_assert_uint_le(last_attached()->queue.len, BT_ATTACH_QUEUE_MAX + sizeof(block));
	for (unsigned idle_turns = 0; idle_turns < 2;) {
		const char *bytes;
		size_t n = got(own, &bytes);

		for (size_t i = 0; i < n; i++, heard++)
			ck_assert_int_eq(bytes[i], (int)('a' + heard / (sizeof(block) - 1) % 26));
		spin();
		idle_turns = n > 0 ? 0 : idle_turns + 1;
	}
	ck_assert_uint_eq(heard, said * (sizeof(block) - 1));
	ck_assert(!bt_attach_is_full(last_attached()));
	ck_assert_uint_eq(stdio.nclients, 1);
}
END_TEST

START_TEST(a_client_that_is_let_go_gets_what_waits_for_it_before_its_end)
{
	static char block[1u << 16];
	bt_auto_close int own = attach(&outputs);
	size_t said = 0, heard = 0, n;
	const char *bytes;

	begin();
	(void)memset(block, 'x', sizeof(block) - 1);
	for (; !bt_attach_is_full(last_attached()); said++)
		say(BT_LOG_STDOUT, block);
	bt_stdio_finish(&stdio);
	/* Nothing is said to it any more. */
	say(BT_LOG_STDOUT, "late");
	while ((n = got(own, &bytes)) > 0) {
		heard += n;
		spin();
	}
	ck_assert_uint_eq(heard, said * (sizeof(block) - 1));
	ck_assert(has_end(own));
	ck_assert_int_eq(idle, 0);
	bt_close(&own);
	spin();
	ck_assert_int_eq(idle, 1);
	ck_assert_uint_eq(stdio.nclients, 0);
}
END_TEST

START_TEST(a_client_that_has_gone_is_dropped_and_the_others_hear_on)
{
	bt_auto_close int gone = attach(&outputs), stays = attach(&outputs);

	begin();
	say(BT_LOG_STDOUT, "one ");
	/* With output unread. */
	bt_close(&gone);
	spin();
	ck_assert_uint_eq(stdio.nclients, 1);
	say(BT_LOG_STDOUT, "two");
	check_got(stays, "one two");
	ck_assert_int_eq(idle, 0);
}
END_TEST

/* ---- input -------------------------------------------------------------------------- */

START_TEST(input_waits_for_the_start_and_comes_from_whoever_takes_part_in_it)
{
	bt_auto_close int one = -EBADF, two = -EBADF, hears = -EBADF;

	open_input();
	one = attach(&everything);
	two = attach(&everything);
	hears = attach(&outputs);
	ck_assert_int_eq(send(one, "a", 1, 0), 1);
	ck_assert_int_eq(send(hears, "no", 2, 0), 2);
	spin();
	ck_assert_str_eq(taken(), "");
	begin();
	spin();
	ck_assert_str_eq(taken(), "a");
	ck_assert_int_eq(send(two, "b", 1, 0), 1);
	spin();
	ck_assert_str_eq(taken(), "b");
}
END_TEST

START_TEST(the_end_of_a_clients_input_is_the_processs_where_it_was_for_that_client_alone)
{
	bt_auto_close int own = -EBADF;

	open_input();
	stdio.stdin_once = true;
	own = attach(&everything);
	begin();
	ck_assert_int_eq(send(own, "last", 4, 0), 4);
	ck_assert_int_eq(shutdown(own, SHUT_WR), 0);
	spin();
	ck_assert_str_eq(taken(), "last");
	ck_assert(input_has_ended());
	/* The answer is still heard. */
	say(BT_LOG_STDOUT, "answer");
	check_got(own, "answer");
	ck_assert_uint_eq(stdio.nclients, 1);
}
END_TEST

START_TEST(else_the_client_is_let_go_and_the_input_stays_open_for_others)
{
	bt_auto_close int own = -EBADF, next = -EBADF;

	open_input();
	own = attach(&everything);
	begin();
	ck_assert_int_eq(send(own, "one ", 4, 0), 4);
	ck_assert_int_eq(shutdown(own, SHUT_WR), 0);
	spin();
	ck_assert(has_end(own));
	next = attach(&everything);
	ck_assert_int_eq(send(next, "two", 3, 0), 3);
	spin();
	ck_assert_str_eq(taken(), "one two");
	ck_assert(!input_has_ended());
}
END_TEST

START_TEST(what_a_client_sent_before_it_went_reaches_a_process_that_was_busy)
{
	static char block[1u << 16];
	size_t fits = 0, sent = 0;
	bt_auto_close int own = -EBADF;
	ssize_t n;

	open_input();
	stdio.stdin_once = true;
	/* Its pipe is full. */
	(void)memset(block, 'p', sizeof(block));
	while ((n = write(stdio.in.fd, block, sizeof(block))) > 0)
		fits += (size_t)n;
	own = attach(&everything);
	begin();
	(void)memset(block, 'c', sizeof(block));
	for (int i = 0; i < 2; i++) {
		n = send(own, block, 1000, MSG_DONTWAIT);
		ck_assert_int_eq(n, 1000);
		sent += (size_t)n;
		spin();
	}
	bt_close(&own);
	spin();
	for (size_t read_so_far = 0;;) {
		n = read(input[0], block, sizeof(block));
		if (n == 0) {
			ck_assert_uint_eq(read_so_far, fits + sent);
			break;
		}
		read_so_far += n > 0 ? (size_t)n : 0;
		spin();
	}
	ck_assert_uint_eq(stdio.nclients, 0);
}
END_TEST

/* ---- detaching ----------------------------------------------------------------------- */

START_TEST(keys_let_a_client_of_a_terminal_go_and_nobody_else_sees_them)
{
	const struct bt_spawn_client how = { .in = true, .out = true, .detach_keys = "ctrl-x,q" };
	bt_auto_close int own = -EBADF;

	open_input();
	stdio.tty = stdio.stdin_once = true;
	own = attach(&how);
	begin();
	ck_assert_int_eq(send(own, "ls\x18", 3, 0), 3);
	spin();
	ck_assert_str_eq(taken(), "ls");
	ck_assert_int_eq(detached, 0);
	ck_assert_int_eq(send(own, "qrm", 3, 0), 3);
	spin();
	ck_assert_int_eq(detached, 1);
	ck_assert_str_eq(taken(), "");
	ck_assert(!input_has_ended());
	ck_assert(has_end(own));
}
END_TEST

START_TEST(keys_are_input_where_there_is_no_terminal)
{
	const struct bt_spawn_client how = { .in = true, .out = true, .detach_keys = "q" };
	bt_auto_close int own = -EBADF;

	open_input();
	own = attach(&how);
	begin();
	ck_assert_int_eq(send(own, "q", 1, 0), 1);
	spin();
	ck_assert_str_eq(taken(), "q");
	ck_assert_int_eq(detached, 0);
	ck_assert_uint_eq(stdio.nclients, 1);
}
END_TEST

/* ---- who is not taken ------------------------------------------------------------------ */

START_TEST(keys_that_are_none_are_refused_and_the_socket_closed)
{
	const struct bt_spawn_client how = { .out = true, .detach_keys = "ctrl-" };
	bt_auto_close int own = -EBADF;

	ck_assert_int_eq(try_attach(&how, NULL, &own), -EINVAL);
	ck_assert(has_end(own));
	ck_assert_uint_eq(stdio.nclients, 0);
}
END_TEST

START_TEST(after_the_end_nobody_is_taken)
{
	bt_auto_close int own = -EBADF;

	bt_stdio_finish(&stdio);
	ck_assert_int_eq(try_attach(&outputs, NULL, &own), -ESHUTDOWN);
	ck_assert(has_end(own));
	ck_assert_int_eq(idle, 0);
}
END_TEST

START_TEST(there_is_a_bound_to_how_many_there_are)
{
	bt_auto_close int own = -EBADF;

	stdio.nclients = BT_ATTACH_CLIENTS_MAX;
	ck_assert_int_eq(try_attach(&outputs, NULL, &own), -EMFILE);
	ck_assert(has_end(own));
	stdio.nclients = 0;
	bt_close(&own);
	own = attach(&outputs);
	ck_assert_uint_eq(stdio.nclients, 1);
}
END_TEST

START_TEST(all_who_are_left_are_closed_without_a_word_to_anybody)
{
	bt_auto_close int one = attach(&outputs), two = attach(&everything);

	begin();
	bt_stdio_done(&stdio);
	ck_assert(has_end(one) && has_end(two));
	ck_assert_int_eq(idle, 0);
	ck_assert_uint_eq(stdio.nclients, 0);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests,
		       each_client_gets_the_streams_that_it_asked_for_in_the_form_it_asked_for);
	tcase_add_test(tests, there_are_no_frames_where_there_is_a_terminal);
	tcase_add_test(tests, what_was_said_before_comes_first_and_is_taken_over);
	tcase_add_test(tests, what_a_client_does_not_read_waits_and_comes_whole_and_in_order);
	tcase_add_test(tests, a_client_that_is_let_go_gets_what_waits_for_it_before_its_end);
	tcase_add_test(tests, a_client_that_has_gone_is_dropped_and_the_others_hear_on);
	tcase_add_test(tests, input_waits_for_the_start_and_comes_from_whoever_takes_part_in_it);
	tcase_add_test(
		tests,
		the_end_of_a_clients_input_is_the_processs_where_it_was_for_that_client_alone);
	tcase_add_test(tests, else_the_client_is_let_go_and_the_input_stays_open_for_others);
	tcase_add_test(tests, what_a_client_sent_before_it_went_reaches_a_process_that_was_busy);
	tcase_add_test(tests, keys_let_a_client_of_a_terminal_go_and_nobody_else_sees_them);
	tcase_add_test(tests, keys_are_input_where_there_is_no_terminal);
	tcase_add_test(tests, keys_that_are_none_are_refused_and_the_socket_closed);
	tcase_add_test(tests, after_the_end_nobody_is_taken);
	tcase_add_test(tests, there_is_a_bound_to_how_many_there_are);
	tcase_add_test(tests, all_who_are_left_are_closed_without_a_word_to_anybody);
}

int main(void)
{
	return run_suite("monitor/attach", setup, teardown, add);
}
