#ifdef __ASSEMBLY__
/* REMOVE */
#endif
#if 0
#error "this isn't closed /* kept, as gcc keeps it
#endif
#define ASM .ascii "it's"	// REMOVE
	/* REMOVE: don't */
	ASM; nop	/* REMOVE
	REMOVE */ ; nop
	mov	$'"', %al	/* REMOVE " */
	don't /* kept: an open apostrophe ends with its line
	after
