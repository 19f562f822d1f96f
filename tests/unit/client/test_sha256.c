/* SPDX-License-Identifier: Apache-2.0 */

#include "client/sha256.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static void expect(const char *text, size_t len, const char *want)
{
	char hex[65];

	bt_sha256_hex(text, len, hex);
	ck_assert_str_eq(hex, want);
}

/* The examples of FIPS 180-4's companion document. */
START_TEST(the_standards_examples_come_out)
{
	static const char two[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";

	expect("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	expect(two, 56, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	expect("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}
END_TEST

/* Where the length just fits behind the text, where it needs one more block, and whole blocks. */
START_TEST(every_length_around_a_block_is_padded_right)
{
	char text[200];

	(void)memset(text, 'a', sizeof(text));
	expect(text, 55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318");
	expect(text, 56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a");
	expect(text, 64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
	expect(text, 65, "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0");
	expect(text, 128, "6836cf13bac400e9105071cd6af47084dfacad4e5e302c94bfed24e013afb73e");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("client/sha256");
	TCase *tests = tcase_create("sha256");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, the_standards_examples_come_out);
	tcase_add_test(tests, every_length_around_a_block_is_padded_right);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
