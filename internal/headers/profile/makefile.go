// SPDX-License-Identifier: Apache-2.0

package profile

// HostToolsMakefile compiles the sources of host tools that an archive holds. It
// travels with them, so that a machine with make and a compiler needs no other
// program. Kbuild's own rules would run flex, bison and Kconfig.
const HostToolsMakefile = `# SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
#
# Compiles the programs that building modules runs on this machine:
#
#	make -C DIR -f scripts/Makefile.hosttools [HOSTCC=gcc] [O=DIR2]
#
# DIR is the unpacked archive. DIR2 receives the programs if DIR is read-only.
# A program that is there is left alone; "make ... clean" removes all.

HOSTCC ?= $(or $(firstword $(foreach c,cc gcc clang,$(shell command -v $(c)))),cc)
HOSTCFLAGS ?= -O2
O ?= .

# tool NAME,SOURCES,FLAGS,LIBRARIES: nothing where the archive has no sources of it
define tool
ifneq ($(wildcard $(firstword $(2))),)
all: $(O)/$(1)
programs += $(O)/$(1)
$(O)/$(1): $(wildcard $(2))
	@mkdir -p $$(@D)
	$(HOSTCC) $(HOSTCFLAGS) -std=gnu11 -I scripts/include $(3) -o $$@.tmp $$^ $(4) && mv -f $$@.tmp $$@
endif
endef

# library HEADER: y if the compiler finds it
library = $(shell echo '\#include <$(1)>' | $(HOSTCC) -E - >/dev/null 2>&1 && echo y)

all:

$(eval $(call tool,scripts/basic/fixdep,scripts/basic/fixdep.c))
$(eval $(call tool,scripts/mod/modpost,$(addprefix scripts/mod/,modpost.c file2alias.c sumversion.c symsearch.c)))
$(eval $(call tool,scripts/genksyms/genksyms,$(addprefix scripts/genksyms/,genksyms.c parse.tab.c lex.lex.c),-I scripts/genksyms))
$(eval $(call tool,scripts/recordmcount,scripts/recordmcount.c))
$(eval $(call tool,scripts/tracepoint-update,$(addprefix scripts/,tracepoint-update.c elf-parse.c),-I tools/include,-pthread))

ifneq ($(wildcard scripts/gendwarfksyms/gendwarfksyms.c),)
gendwarfksyms := $(addprefix scripts/gendwarfksyms/,gendwarfksyms.c cache.c die.c dwarf.c kabi.c symbols.c types.c)
$(eval $(call tool,scripts/gendwarfksyms/gendwarfksyms,$(gendwarfksyms),,-ldw -lelf -lz))
endif

# Only signing runs sign-file, so a machine without libcrypto's headers goes on.
ifneq ($(wildcard scripts/sign-file.c),)
ifeq ($(call library,openssl/cms.h),y)
$(eval $(call tool,scripts/sign-file,scripts/sign-file.c,-idirafter include/uapi,-lcrypto))
else
$(info scripts/sign-file is not compiled: $(HOSTCC) finds no openssl/cms.h; only signing modules needs it)
endif
endif

clean:
	rm -f $(programs)

.PHONY: all clean
`
