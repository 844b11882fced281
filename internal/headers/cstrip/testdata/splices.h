/* REMOVE */#define A 1 /* REMOVE
REMOVE */ + A2
A
/\
* REMOVE *\
/ tail
b /\
/ REMOVE \
REMOVE
c // REMOVE \  
REMOVE
char *s = "a\
/* kept */\\\
" kept */";
char c = '\
"'; /* REMOVE */
#define STR(x) #x
#define XSTR(x) STR(x)
XSTR(a/**/+/**/b) XSTR(a+b)
to\
ken/* REMOVE */next
x/\
y
#define E a\
/* REMOVE */\
b
E
