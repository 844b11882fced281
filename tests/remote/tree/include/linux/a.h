/* a header */
struct a;
