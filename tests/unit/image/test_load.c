/* SPDX-License-Identifier: Apache-2.0 */

#include "image/load.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"
#include "codec/json.h"
#include "image/save.h"

static char dir[] = "/tmp/test_load.XXXXXX";
static struct bt_db *db;
static struct bt_layers *layers;
static struct bt_images *images;
static struct bt_str said; /* what progress told */

static int note(void *arg, const json_t *message)
{
	(void)arg;
	bt_str_puts(&said, bt_json_str(message, "stream", ""));
	return 0;
}

static void open_root(const char *name)
{
	bt_auto_free char *root = bt_str_format("%s/%s", dir, name);
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_io_mkdir_p(root, 0700), 0);
	ck_assert_msg(bt_db_open(root, &db, &err) == 0, "%s", err.msg);
	ck_assert_msg(bt_layers_open(root, db, &layers, &err) == 0, "%s", err.msg);
	ck_assert_msg(bt_images_open(root, db, layers, &images, &err) == 0, "%s", err.msg);
}

static void close_root(void)
{
	bt_images_close(images);
	bt_layers_close(layers);
	bt_db_close(db);
}

static void setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
	open_root("one");
}

static void teardown(void)
{
	close_root();
	bt_str_done(&said);
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
}

static void sh(const char *command)
{
	ck_assert_msg(system(command) == 0, "%s", command);
}

/* An image of `n` layers, the second the same as the first; its id. */
static void make_image(const char *ref, int n, char id[72])
{
	bt_auto_str struct bt_str config = { 0 };
	struct bt_layer_result layer = { 0 };
	struct bt_err err = { 0 };
	char parent[72] = "";

	bt_str_puts(&config, "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{},"
			     "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[");
	for (int i = 0; i < n; i++) {
		bt_auto_free char *line = bt_str_format(
			"rm -rf in && mkdir in && echo %d >in/f && mkdir in/d && ln in/f in/d/l && "
			"touch -d @1 in/f in/d in && tar -cf in.tar -C in .",
			i == 1 ? 0 : i);
		bt_auto_close int fd = -EBADF;

		sh(line);
		fd = open("in.tar", O_RDONLY | O_CLOEXEC);
		ck_assert_int_eq(bt_layers_unpack(layers, parent[0] ? parent : NULL, fd, NULL, 0,
						  &layer, &err),
				 0);
		(void)strcpy(parent, layer.chain_id);
		bt_str_printf(&config, "%s\"%s\"", i > 0 ? "," : "", layer.diff_id);
	}
	bt_str_puts(&config, "]}}");
	ck_assert_msg(bt_images_add(images, config.p, config.len, parent, NULL, ref, id, &err) == 0,
		      "%s", err.msg);
}

static int append(void *arg, const void *data, size_t len)
{
	bt_str_add(arg, data, len);
	return 0;
}

static void save(const char *const *names)
{
	bt_auto_str struct bt_str out = { 0 };
	struct bt_err err = { 0 };

	ck_assert_msg(bt_save(images, names, append, &out, &err) == 0, "%s", err.msg);
	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, "saved.tar", 0600, out.p, out.len), 0);
}

static int load(const char *file, struct bt_err *err)
{
	bt_auto_close int fd = open(file, O_RDONLY | O_CLOEXEC);
	struct bt_progress progress = { .fn = note };

	return bt_load(images, fd, NULL, true, &progress, err);
}

static void load_well(const char *file)
{
	struct bt_err err = { 0 };

	ck_assert_msg(load(file, &err) == 0, "%s: %s", file, err.msg);
}

static void check_image(const char *name, const char *id)
{
	bt_auto_image struct bt_image image = { 0 };
	struct bt_err err = { 0 };

	ck_assert_msg(bt_images_get(images, name, &image, &err) == 0, "%s", err.msg);
	ck_assert_str_eq(image.id, id);
}

START_TEST(what_save_wrote_load_reads)
{
	const char *const names[] = { "a:1", "reg.example:5000/b/c:2", NULL };
	char a[72], b[72];

	make_image("a:1", 3, a);
	make_image("reg.example:5000/b/c:2", 4, b);
	save(names);
	load_well("saved.tar"); /* onto itself */
	close_root();
	open_root("two");
	load_well("saved.tar");
	check_image("a:1", a);
	check_image("reg.example:5000/b/c:2", b);
	ck_assert_ptr_nonnull(strstr(bt_str_get(&said), "Loaded image: a:1\n"));
	load_well("saved.tar");
	ck_assert_int_eq(bt_images_count(images), 2);
}
END_TEST

START_TEST(packed_archives_and_those_of_others_are_read)
{
	const char *const names[] = { "a:1", NULL };
	char a[72];

	make_image("a:1", 3, a);
	save(names);
	sh("gzip -kf saved.tar && zstd -qf saved.tar");
	/* An OCI layout only, with packed layers, and an old archive with links. */
	sh("mkdir oci && tar -xf saved.tar -C oci && rm oci/manifest.json oci/repositories && "
	   "tar -cf oci.tar -C oci .");
	sh("mkdir old && cd old && tar -xf ../saved.tar && rm index.json oci-layout && "
	   "python3 - <<'P'\n"
	   "import json, os\n"
	   "m = json.load(open('manifest.json'))\n"
	   "first = m[0]['Layers'][0]\n"
	   "os.mkdir('x'); os.rename(first, 'x/layer.tar'); os.mkdir('y'); os.symlink('../x/layer.tar', 'y/layer.tar')\n"
	   "m[0]['Layers'][0] = 'x/layer.tar'; m[0]['Layers'][1] = 'y/layer.tar'\n"
	   "json.dump(m, open('manifest.json', 'w'))\n"
	   "P\n"
	   "tar -cf ../old.tar .");
	close_root();
	open_root("two");
	load_well("saved.tar.gz");
	check_image("a:1", a);
	close_root();
	open_root("three");
	load_well("saved.tar.zst");
	load_well("oci.tar");
	check_image("a:1", a);
	close_root();
	open_root("four");
	load_well("old.tar");
	check_image("a:1", a);
}
END_TEST

/* G08, G04 */
START_TEST(archives_that_lie_are_refused_and_leave_nothing)
{
	static const char *const lies[] = {
		"echo '[{\"Config\":\"../../../etc/passwd\",\"Layers\":[]}]' >manifest.json",
		"echo '[{\"Config\":\"/etc/passwd\",\"Layers\":[]}]' >manifest.json",
		"sed -i 's/\"Layers\":\\[\"/\"Layers\":[\"..\\/..\\//' manifest.json",
		"sed -i 's/\"Layers\":\\[\"[^\"]*\",/\"Layers\":[/' manifest.json",
		"rm manifest.json index.json",
		"echo '{' >manifest.json",
		"echo '{\"a\":1,\"a\":2}' >manifest.json",
		"for f in blobs/sha256/*; do grep -q architecture $f && sed -i s/amd64/arm64/ $f; done; :",
		"for f in blobs/sha256/*; do grep -aq ustar $f && echo x >>$f; done; :",
		"rm blobs/sha256/*",
		"ln -s /etc/passwd conf && sed -i 's/\"Config\":\"[^\"]*\"/\"Config\":\"conf\"/' manifest.json",
	};
	const char *const names[] = { "a:1", NULL };
	char a[72];

	make_image("a:1", 2, a);
	save(names);
	close_root();
	open_root("two");
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		bt_auto_free char *make = bt_str_format(
			"rm -rf lie && mkdir lie && cd lie && tar -xf ../saved.tar && { %s; } && tar -cf "
			"../lie.tar .",
			lies[i]);
		struct bt_err err = { 0 };

		sh(make);
		ck_assert_msg(load("lie.tar", &err) < 0, "%s", lies[i]);
		ck_assert_msg(err.kind == BT_ERR_INVALID, "%s: %s", lies[i], err.msg);
		ck_assert_int_eq(bt_images_count(images), 0);
	}
	close_root();
	open_root("two");
	sh("until test -z \"$(ls two/overlay2)\"; do sleep 0.01; done");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("image/load");
	TCase *tc = tcase_create("load");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, what_save_wrote_load_reads);
	tcase_add_test(tc, packed_archives_and_those_of_others_are_read);
	tcase_add_test(tc, archives_that_lie_are_refused_and_leave_nothing);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
