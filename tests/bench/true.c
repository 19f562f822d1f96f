/* SPDX-License-Identifier: Apache-2.0 */

/* The smallest program there is: what a start costs beyond it is the engine's. */
int main(void)
{
	return 0;
}
