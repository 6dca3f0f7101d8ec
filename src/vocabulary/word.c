/* SPDX-License-Identifier: MIT */
#include "vocabulary/word.h"

const char *word_of(const struct word *words, unsigned value)
{
	for (; words->word; words++)
		if (words->value == value)
			return words->word;
	return "none";
}
