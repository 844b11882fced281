/* SPDX-License-Identifier: GPL-2.0 */
/*
 * REMOVE: what a header of the kernel looks like.
 */
#ifndef _TEST_COMMENTS_H
#define _TEST_COMMENTS_H	/* REMOVE */

#undef A // REMOVE
#define COUNT(x) (sizeof(x) / sizeof(*(x))) /* REMOVE */
#define OBJECT/* REMOVE */(x)
#define JOIN(a, b) a/**/b JOINED

/**
 * struct point - REMOVE
 * @x:	REMOVE; it's "quoted, and not closed
 */
struct point {
	int x;		/* REMOVE */
	int y;		/* REMOVE
			 * REMOVE */

	/* REMOVE */

	const char *s;	// REMOVE /* REMOVE
	int z = x /*REMOVE*/ / /*REMOVE*/y;
};

#define LONG_MACRO(a, b)				\
do {							\
	/* REMOVE */					\
	(a) = "/* kept */ // kept";	/* REMOVE */	\
	/*						\
	 * REMOVE					\
	 */						\
	(b) = '\'';		/* REMOVE */		\
} while (0)	/* REMOVE */

LONG_MACRO(here, /* REMOVE */ there)
OBJECT
JOIN(a, b)
#endif /* REMOVE _TEST_COMMENTS_H */
